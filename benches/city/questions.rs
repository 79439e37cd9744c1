//! What is asked: each question in GraphQL, and as one hand-written SQL statement that makes the
//! same JSON in the database.

use serde_json::{Value, json};

use crate::dialect::Dialect;

/// A question in both languages.
#[derive(Debug)]
pub(crate) struct Question {
    /// What stands in the table.
    pub(crate) name: &'static str,
    /// As the server is asked.
    pub(crate) graphql: String,
    pub(crate) variables: Value,
    /// As one statement that returns the whole answer as one text.
    pub(crate) sql: String,
    /// What stands for the parameters of the statement.
    pub(crate) values: Vec<String>,
}

/// The row in the middle of all figures in the order of their periods, latest first.
#[derive(Debug)]
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

/// The place in questions of one.
const PLACE: &str = "district-7";

/// One row by its key.
pub(crate) const BY_SLUG: &str =
    "query($slug: String!) { district(slug: $slug) { slug name kind code parent { slug } } }";

/// The question whose number of statements is compared between sizes.
pub(crate) const THREE_LEVELS: &str = "{ districts(first: 20) { nodes { name
    initiatives(first: 10, orderBy: [{by: STARTED_ON, direction: DESC}]) { nodes { title status
        observations(first: 5, orderBy: [{by: PERIOD, direction: DESC}]) { nodes {
            value period { code } metric { name unit { symbol } } } } } } } } }";

/// Every question.
pub(crate) fn questions(dialect: Dialect, middle: &Middle) -> Vec<Question> {
    let asked = |name, graphql: &str, variables: Value, root, sql: &str, values: &[&str]| {
        let sql = format!("SELECT OBJECT('data', OBJECT('{root}', ({sql})))");
        Question {
            name,
            graphql: graphql.to_owned(),
            variables,
            sql: dialect.words(&dialect.text(&sql)),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        }
    };
    let question =
        |name, graphql: &str, root, sql: &str| asked(name, graphql, json!({}), root, sql, &[]);
    let slug = json!({ "slug": PLACE });
    let Middle { cursor, span, id } = middle;
    vec![
        asked(
            "a district by slug",
            BY_SLUG,
            slug.clone(),
            "district",
            "SELECT OBJECT('slug', d.slug, 'name', d.name, 'kind', d.kind, 'code', d.code, 'parent',
                (SELECT OBJECT('slug', p.slug) FROM district p WHERE p.id = d.parent_id))
            FROM district d WHERE d.slug = $1",
            &[PLACE],
        ),
        question(
            "three levels",
            THREE_LEVELS,
            "districts",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('name', d.name, 'initiatives',
                OBJECT('nodes', (SELECT ARRAY(OBJECT(
                    'title', i.title, 'status', i.status, 'observations',
                    OBJECT('nodes', (SELECT ARRAY(OBJECT(
                        'value', o.printed, 'period', OBJECT('code', o.code), 'metric',
                        OBJECT('name', m.name, 'unit', OBJECT('symbol', u.symbol))))
                    FROM (SELECT printed, code, metric_id FROM observation
                        WHERE initiative_id = i.id ORDER BY period DESC, id DESC LIMIT 5) o
                    THE METRIC m ON m.id = o.metric_id THE UNIT u ON u.id = m.unit_id))))
                FROM (SELECT id, title, status FROM initiative WHERE district_id = d.id
                    ORDER BY started_on DESC NULLS LAST, id DESC LIMIT 10) i)))))
            FROM (SELECT id, name FROM district ORDER BY id LIMIT 20) d",
        ),
        asked(
            "1,000 of a place",
            "query($slug: String!) { district(slug: $slug) {
                observations(first: 1000, orderBy: [{by: PERIOD, direction: DESC}]) { nodes {
                    value period { code } metric { name } } } } }",
            slug,
            "district",
            "SELECT OBJECT('observations', OBJECT('nodes', (SELECT ARRAY(OBJECT(
                'value', o.printed, 'period', OBJECT('code', o.code), 'metric',
                OBJECT('name', m.name)))
                FROM (SELECT printed, code, metric_id FROM observation WHERE district_id = d.id
                    ORDER BY period DESC, id DESC LIMIT 1000) o
                FIRST JOIN metric m ON m.id = o.metric_id)))
            FROM district d WHERE d.slug = $1",
            &[PLACE],
        ),
        question(
            "100 by value",
            "{ observations(first: 100, orderBy: [{by: VALUE, direction: DESC}]) { nodes {
                value status period { code } metric { slug } district { slug } } } }",
            "observations",
            &page("value DESC NULLS LAST, id DESC", "TRUE"),
        ),
        asked(
            "100 from the middle",
            &format!(
                "{{ observations(first: 100, after: \"{cursor}\",
                    orderBy: [{{by: PERIOD, direction: DESC}}]) {{ nodes {{
                    value status period {{ code }} metric {{ slug }} district {{ slug }} }} }} }}"
            ),
            json!({}),
            "observations",
            &page(
                "period DESC, id DESC",
                "(period, id) < ($1, CAST(CAST($2 AS text) AS bigint))",
            ),
            &[span, &id.to_string()],
        ),
        question(
            "20 metrics' top 10",
            "{ metrics(first: 20) { nodes { slug
                observations(first: 10, orderBy: [{by: VALUE, direction: DESC}]) { nodes {
                    value } } } } }",
            "metrics",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('slug', m.slug, 'observations', OBJECT('nodes',
                (SELECT ARRAY(OBJECT('value', o.printed)) FROM (SELECT printed FROM observation
                    WHERE metric_id = m.id ORDER BY value DESC NULLS LAST, id DESC LIMIT 10) o)))))
            FROM (SELECT id, slug FROM metric ORDER BY id LIMIT 20) m",
        ),
        question(
            "20 places' counts",
            "{ districts(first: 20) { nodes { slug observations(first: 1) { totalCount } } } }",
            "districts",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('slug', d.slug, 'observations',
                OBJECT('totalCount',
                    (SELECT count(*) FROM observation WHERE district_id = d.id)))))
            FROM (SELECT id, slug FROM district ORDER BY id LIMIT 20) d",
        ),
        question(
            "a metric by place",
            "{ observationGroups(by: [DISTRICT], filter: {metric: {slug: {eq: \"metric-7\"}}},
                first: 1000) { nodes { key { district { slug } } count mean(mixed: true) { value(decimals: 6) }
                max { value } } } }",
            "observationGroups",
            "SELECT OBJECT('nodes', ARRAY(OBJECT(
                'key', OBJECT('district',
                    (SELECT OBJECT('slug', d.slug) FROM district d WHERE d.id = g.district_id)),
                'count', g.n, 'mean', OBJECT('value', MEAN), 'max', OBJECT('value', GREATEST))))
            FROM (SELECT district_id, count(*) AS n, avg(value) AS mean, max(value) AS greatest
                FROM observation WHERE metric_id = (SELECT id FROM metric WHERE slug = 'metric-7')
                GROUP BY district_id ORDER BY district_id) g",
        ),
        question(
            "300 metrics' latest",
            "{ metrics(first: 300) { nodes { slug latest(district: \"district-7\") {
                value period { code } } } } }",
            "metrics",
            "SELECT OBJECT('nodes', ARRAY(OBJECT('slug', m.slug, 'latest',
                (SELECT OBJECT('value', o.printed, 'period', OBJECT('code', o.code))
                FROM (SELECT code, printed FROM observation WHERE metric_id = m.id
                    AND district_id = (SELECT id FROM district WHERE slug = 'district-7')
                    AND initiative_id IS NULL AND value IS NOT NULL
                    ORDER BY frequency, period DESC LIMIT 1) o))))
            FROM (SELECT id, slug FROM metric ORDER BY id LIMIT 300) m",
        ),
        question("a frequent word", &search("survey"), "search", &found("survey", "TEXT")),
        question("a rare word", &search("9711"), "search", &found("9711", "NAME")),
    ]
}

/// The best rows in which a word is, and how many there are.
fn search(word: &str) -> String {
    format!("{{ search(query: \"{word}\", first: 20) {{ totalCount nodes {{ match }} }} }}")
}

/// The same from the index alone, given in which way all rows fit.
fn found(word: &str, how: &str) -> String {
    let rows = format!("FROM search_entry WHERE MATCHES('{word}')");
    format!(
        "SELECT OBJECT('totalCount', (SELECT count(*) {rows}), 'nodes', (SELECT
            ARRAY(OBJECT('match', '{how}')) FROM (SELECT 1 {rows} ORDER BY PLACE LIMIT 20) s))"
    )
}

/// A hundred figures of all, with the slugs of metric and place.
fn page(order: &str, condition: &str) -> String {
    format!(
        "SELECT OBJECT('nodes', ARRAY(OBJECT('value', o.printed, 'status', o.status,
            'period', OBJECT('code', o.code),
            'metric', (SELECT OBJECT('slug', m.slug) FROM metric m WHERE m.id = o.metric_id),
            'district',
            (SELECT OBJECT('slug', d.slug) FROM district d WHERE d.id = o.district_id))))
        FROM (SELECT * FROM observation WHERE {condition} ORDER BY {order} LIMIT 100) o"
    )
}
