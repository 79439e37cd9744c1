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
    orderBy: [{by: PERIOD, direction: DESC}]) { edges { cursor node { id period { start end } } } } }";

/// The question whose number of statements is compared between sizes.
pub(crate) const THREE_LEVELS: &str = "{ districts(first: 20) { nodes { name
    initiatives(first: 10, orderBy: [{by: STARTED_ON, direction: DESC}]) { nodes { title status
        observations(first: 5, orderBy: [{by: PERIOD, direction: DESC}]) { nodes {
            value period { code } metric { name unit { symbol } } } } } } } } }";

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
    ]
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
    let (object, array, value) = match backend {
        DbBackend::Postgres => {
            ("json_build_object(", "json_agg(", "CAST(round(o.value, o.decimals) AS text)")
        }
        _ => (
            "json_object(",
            "json_group_array(",
            "CASE WHEN o.value IS NOT NULL THEN format('%.*f', o.decimals, o.value) END",
        ),
    };
    // Only the spans of years, quarters and months.
    let code = "CASE
        WHEN substr(o.period, 6, 5) = '01-01' AND substr(o.period, 17, 5) = '12-31'
            THEN substr(o.period, 1, 4)
        WHEN substr(o.period, 6, 2) = substr(o.period, 17, 2) THEN substr(o.period, 1, 7)
        ELSE substr(o.period, 1, 4) || '-Q' || ((CAST(substr(o.period, 6, 2) AS integer) + 2) / 3)
        END";
    let sql = sql.replace("OBJECT(", object).replace("ARRAY(", array);
    let sql = sql.replace("VALUE", value).replace("CODE", code);
    match backend {
        DbBackend::Postgres => format!("SELECT CAST(({sql}) AS text)"),
        _ => sql,
    }
}
