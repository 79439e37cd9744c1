//! What is asked: each question in GraphQL, and as one hand-written SQL statement that makes the
//! same JSON in the database.

use sea_orm::DbBackend;

/// A question in both languages. The statements look single rows up rather than join them: a join
/// may change the order in which PostgreSQL gathers rows.
pub(crate) struct Question {
    /// What stands in the table.
    pub(crate) name: &'static str,
    /// As the server is asked.
    pub(crate) graphql: String,
    /// As one statement that returns the whole answer as one text.
    pub(crate) sql: String,
}

/// The row in the middle of all figures in the order of their periods, latest first.
pub(crate) struct Middle {
    /// Its cursor in that order.
    pub(crate) cursor: String,
    /// Its period as the databases keep it: `2025-01-01/2025-12-31`.
    pub(crate) span: String,
    /// Its number.
    pub(crate) id: i64,
}

/// Asks for the cursor of a row of about the middle.
pub(crate) const MIDDLE: &str = "{ observations(first: 1, filter: {period: {lte: \"2021-02\"}},
    orderBy: [{by: PERIOD, direction: DESC}]) { edges { cursor node { period { start end } } } } }";

/// The question whose number of statements is compared between sizes.
pub(crate) const THREE_LEVELS: &str = "{ districts(first: 20) { nodes { name
    initiatives(first: 10, orderBy: [{by: STARTED_ON, direction: DESC}]) { nodes { title status
        observations(first: 5, orderBy: [{by: PERIOD, direction: DESC}]) { nodes {
            value period { code } metric { name unit { symbol } } } } } } } } }";

/// The name of the question for a grouping.
pub(crate) const BY_PLACE: &str = "a metric by place";

/// Every question.
pub(crate) fn questions(backend: DbBackend, middle: &Middle) -> Vec<Question> {
    let question = |name, graphql: &str, sql: &str| Question {
        name,
        graphql: graphql.to_owned(),
        sql: dialect(backend, sql),
    };
    let Middle { cursor, span, id } = middle;
    vec![
        question(
            "three levels",
            THREE_LEVELS,
            "SELECT OBJECT('nodes', ARRAY(OBJECT('name', d.name ->> 'en', 'initiatives',
                OBJECT('nodes', (SELECT ARRAY(OBJECT(
                    'title', i.title ->> 'en', 'status', i.status, 'observations',
                    OBJECT('nodes', (SELECT ARRAY(OBJECT(
                        'value', VALUE, 'period', OBJECT('code', CODE), 'metric',
                        (SELECT OBJECT('name', m.name ->> 'en', 'unit',
                            (SELECT OBJECT('symbol', u.symbol) FROM unit u WHERE u.id = m.unit_id))
                        FROM metric m WHERE m.id = o.metric_id)))
                    FROM (SELECT * FROM observation WHERE initiative_id = i.id
                        AND superseded_at IS NULL ORDER BY period DESC, id DESC LIMIT 5) o))))
                FROM (SELECT * FROM initiative WHERE district_id = d.id
                    ORDER BY started_on DESC NULLS LAST, id DESC LIMIT 10) i)))))
            FROM (SELECT * FROM district ORDER BY id LIMIT 20) d",
        ),
        question(
            "100 by value",
            "{ observations(first: 100, orderBy: [{by: VALUE, direction: DESC}]) { nodes {
                value status period { code } metric { slug } district { slug } } } }",
            &page("value DESC NULLS LAST, id DESC", "TRUE"),
        ),
        question(
            "100 from the middle",
            &format!(
                "{{ observations(first: 100, after: \"{cursor}\",
                    orderBy: [{{by: PERIOD, direction: DESC}}]) {{ nodes {{
                    value status period {{ code }} metric {{ slug }} district {{ slug }} }} }} }}"
            ),
            &page("period DESC, id DESC", &format!("(period, id) < ('{span}', {id})")),
        ),
        question(
            "20 metrics' top 10",
            "{ metrics(first: 20) { nodes { slug
                observations(first: 10, orderBy: [{by: VALUE, direction: DESC}]) { nodes {
                    value } } } } }",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('slug', m.slug, 'observations', OBJECT('nodes',
                (SELECT ARRAY(OBJECT('value', VALUE)) FROM (SELECT * FROM observation
                    WHERE metric_id = m.id AND superseded_at IS NULL
                    ORDER BY value DESC NULLS LAST, id DESC LIMIT 10) o)))))
            FROM (SELECT * FROM metric ORDER BY id LIMIT 20) m",
        ),
        question(
            "20 places' counts",
            "{ districts(first: 20) { nodes { slug observations(first: 1) { totalCount } } } }",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('slug', d.slug, 'observations',
                OBJECT('totalCount', (SELECT count(*) FROM observation
                    WHERE district_id = d.id AND superseded_at IS NULL)))))
            FROM (SELECT * FROM district ORDER BY id LIMIT 20) d",
        ),
        question(
            BY_PLACE,
            "{ observationGroups(by: [DISTRICT], filter: {metric: {slug: {eq: \"metric-7\"}}},
                first: 1000) { nodes { key { district { slug } } count mean { value(decimals: 6) }
                max { value } } } }",
            "SELECT OBJECT('nodes', ARRAY(OBJECT(
                'key', OBJECT('district',
                    (SELECT OBJECT('slug', d.slug) FROM district d WHERE d.id = g.district_id)),
                'count', g.n, 'mean', OBJECT('value', MEAN), 'max', OBJECT('value', GREATEST))))
            FROM (SELECT district_id, count(*) AS n, avg(value) AS mean, max(value) AS greatest
                FROM observation WHERE superseded_at IS NULL
                    AND metric_id = (SELECT id FROM metric WHERE slug = 'metric-7')
                GROUP BY district_id ORDER BY district_id) g",
        ),
        question(
            "300 metrics' latest",
            "{ metrics(first: 300) { nodes { slug latest(district: \"district-7\") {
                value period { code } } } } }",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('slug', m.slug, 'latest',
                (SELECT OBJECT('value', VALUE, 'period', OBJECT('code', CODE))
                FROM (SELECT * FROM observation WHERE metric_id = m.id AND superseded_at IS NULL
                    AND district_id = (SELECT id FROM district WHERE slug = 'district-7')
                    AND coalesce(initiative_id, 0) = 0 AND value IS NOT NULL
                    ORDER BY period DESC LIMIT 1) o))))
            FROM (SELECT * FROM metric ORDER BY id LIMIT 300) m",
        ),
        question("a frequent word", &search("survey", 20), &found("survey", "TEXT", 20)),
        question("a rare word", &search("9711", 20), &found("9711", "NAME", 20)),
    ]
}

/// The best rows in which a word is, and how many there are.
fn search(word: &str, first: usize) -> String {
    format!("{{ search(query: \"{word}\", first: {first}) {{ totalCount nodes {{ match }} }} }}")
}

/// The same from the index alone, given in which way all rows fit.
fn found(word: &str, how: &str, first: usize) -> String {
    let rows = format!("FROM search_entry WHERE MATCHES('{word}')");
    format!(
        "SELECT OBJECT('totalCount', (SELECT count(*) {rows}), 'nodes', (SELECT
            ARRAY(OBJECT('match', '{how}')) FROM (SELECT 1 {rows} ORDER BY PLACE LIMIT {first}) s))"
    )
}

/// A hundred figures of all, with the slugs of metric and place.
fn page(order: &str, condition: &str) -> String {
    format!(
        "SELECT OBJECT('nodes', ARRAY(OBJECT('value', VALUE, 'status', o.status,
            'period', OBJECT('code', CODE),
            'metric', (SELECT OBJECT('slug', m.slug) FROM metric m WHERE m.id = o.metric_id),
            'district',
            (SELECT OBJECT('slug', d.slug) FROM district d WHERE d.id = o.district_id))))
        FROM (SELECT * FROM observation WHERE superseded_at IS NULL AND {condition}
            ORDER BY {order} LIMIT 100) o"
    )
}

/// The statement in the words of one database.
fn dialect(backend: DbBackend, sql: &str) -> String {
    let words = match backend {
        DbBackend::Postgres => [
            ("OBJECT(", "json_build_object("),
            ("ARRAY(", "json_agg("),
            ("VALUE", "CAST(round(o.value, o.decimals) AS text)"),
            ("MEAN", "CAST(trim_scale(round(g.mean, 6)) AS text)"),
            ("GREATEST", "CAST(trim_scale(g.greatest) AS text)"),
            ("MATCHES(", "words @@ to_tsquery('simple', "),
            ("PLACE", "place"),
        ],
        _ => [
            ("OBJECT(", "json_object("),
            ("ARRAY(", "json_group_array("),
            ("VALUE", "CASE WHEN o.value IS NOT NULL THEN format('%.*f', o.decimals, o.value) END"),
            ("MEAN", "rtrim(rtrim(format('%.6f', g.mean), '0'), '.')"),
            ("GREATEST", "rtrim(rtrim(format('%.6f', g.greatest), '0'), '.')"),
            ("MATCHES(", "search_entry MATCH ("),
            ("PLACE", "rowid"),
        ],
    };
    // Only the spans of years, quarters and months.
    let code = "CASE
        WHEN substr(o.period, 6, 5) = '01-01' AND substr(o.period, 17, 5) = '12-31'
            THEN substr(o.period, 1, 4)
        WHEN substr(o.period, 6, 2) = substr(o.period, 17, 2) THEN substr(o.period, 1, 7)
        ELSE substr(o.period, 1, 4) || '-Q' || ((CAST(substr(o.period, 6, 2) AS integer) + 2) / 3)
        END";
    let words = [("CODE", code)].into_iter().chain(words);
    let sql = words.fold(sql.to_owned(), |sql, (ours, theirs)| sql.replace(ours, theirs));
    match backend {
        DbBackend::Postgres => format!("SELECT CAST(({sql}) AS text)"),
        _ => sql,
    }
}
