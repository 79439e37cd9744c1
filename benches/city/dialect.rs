//! One SQL for both databases: what they say differently is a word in capitals.

/// Which database is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A word, as SQLite says it, and as PostgreSQL does.
const WORDS: [(&str, &str, &str); 17] = [
    ("OBJECT(", "json_object(", "json_build_object("),
    ("ARRAY(", "json_group_array(", "json_agg("),
    // What stands first is read first: so it is on SQLite, and on PostgreSQL of one row anyway.
    ("FIRST JOIN", "CROSS JOIN", "JOIN"),
    // Of few rows, each is looked up: PostgreSQL would read all that they may refer to, every time.
    (
        "THE METRIC m ON m.id = o.metric_id",
        "CROSS JOIN metric m ON m.id = o.metric_id",
        "CROSS JOIN LATERAL (SELECT name, unit_id FROM metric WHERE id = o.metric_id OFFSET 0) m",
    ),
    (
        "THE UNIT u ON u.id = m.unit_id",
        "CROSS JOIN unit u ON u.id = m.unit_id",
        "CROSS JOIN LATERAL (SELECT symbol FROM unit WHERE id = m.unit_id OFFSET 0) u",
    ),
    (
        "PRINTED_VALUE",
        "CASE WHEN o.value IS NOT NULL THEN format('%.*f', o.decimals, o.value) END",
        "CAST(round(o.value, o.decimals) AS text)",
    ),
    ("PERIOD_CODE", CODE, CODE),
    ("FREQUENCY", FREQUENCY, FREQUENCY),
    (
        "MEAN",
        "rtrim(rtrim(format('%.6f', g.mean), '0'), '.')",
        "CAST(trim_scale(round(g.mean, 6)) AS text)",
    ),
    (
        "GREATEST",
        "rtrim(rtrim(format('%.6f', g.greatest), '0'), '.')",
        "CAST(trim_scale(g.greatest) AS text)",
    ),
    ("MATCHES(", "search_entry MATCH (", "words @@ to_tsquery('simple', "),
    ("PLACE", "rowid", "place"),
    ("CITY.", "city.", "public."),
    ("KEY,", "INTEGER PRIMARY KEY,", "bigint PRIMARY KEY,"),
    (" WORD", " TEXT", " text COLLATE \"C\""),
    (" NUMBER", " REAL", " numeric"),
    // There what is NULL is last in this direction, and an index does not say so.
    ("INDEXED LAST", "", "NULLS LAST"),
];

/// The code of a period, of years, quarters and months only.
const CODE: &str = "CASE
    WHEN substr(o.period, 6, 5) = '01-01' AND substr(o.period, 17, 5) = '12-31'
        THEN substr(o.period, 1, 4)
    WHEN substr(o.period, 6, 2) = substr(o.period, 17, 2) THEN substr(o.period, 1, 7)
    ELSE substr(o.period, 1, 4) || '-Q' || ((CAST(substr(o.period, 6, 2) AS integer) + 2) / 3)
    END";

/// How often in a year there is a period like it, for the same ones.
const FREQUENCY: &str = "CASE
    WHEN substr(o.period, 6, 5) = '01-01' AND substr(o.period, 17, 5) = '12-31' THEN 1
    WHEN substr(o.period, 6, 2) = substr(o.period, 17, 2) THEN 12 ELSE 4 END";

impl Dialect {
    /// The statement in the words of the database.
    pub(crate) fn words(self, sql: &str) -> String {
        WORDS.into_iter().fold(sql.to_owned(), |sql, (word, sqlite, postgres)| match self {
            Self::Sqlite => sql.replace(word, sqlite),
            Self::Postgres => sql.replace(word, postgres),
        })
    }

    /// A statement that returns JSON, as one that returns text.
    pub(crate) fn text(self, sql: &str) -> String {
        match self {
            Self::Sqlite => sql.to_owned(),
            Self::Postgres => format!("SELECT CAST(({sql}) AS text)"),
        }
    }
}
