//! Packages: what is refused, in which words, and that nothing of a refused one stays.

use hutong::{database::Database, error::Error, package::Package};

use crate::{
    Server, on_each_database,
    server::{Store, now},
};

/// A package of one district, one metric and the given figures.
fn package(files: &[(&str, &str)]) -> Result<Package, Error> {
    let descriptor = r#"{"name": "small", "title": "Small", "resources": [
        {"name": "source", "path": "source.csv"}, {"name": "unit", "path": "unit.csv"},
        {"name": "district", "path": "district.csv"}, {"name": "metric", "path": "metric.csv"},
        {"name": "observation", "path": "observation.csv"}]}"#;
    let whole = [
        ("datapackage.json", descriptor),
        ("source.csv", "slug,title_en\ndocument,A document\n"),
        ("unit.csv", "slug,symbol,name_en,dimension\nkilometre,km,kilometres,LENGTH\n"),
        ("district.csv", "slug,kind,name_en,partition\ncity,CITY,City,true\n"),
        (
            "metric.csv",
            "slug,name_en,unit,measure,aggregation,direction,decimals\n\
             length,Length,kilometre,LEVEL,SUM,NEUTRAL,0\n",
        ),
        (
            "observation.csv",
            "metric,district,period,value,decimals,multiplier,comparator,status,source\n",
        ),
    ];
    Package::read(|name| files.iter().chain(&whole).find(|file| file.0 == name).map(|file| file.1))
}

const HEAD: &str = "metric,district,period,value,decimals,multiplier,comparator,status,source\n";

async fn refusal(database: &Database, file: &str, text: &str) -> String {
    let loaded = match package(&[(file, text)]) {
        Ok(package) => package.load_into_empty(database, now()).await,
        Err(error) => Err(error),
    };
    match loaded {
        Err(error @ (Error::Input(_) | Error::Rejected(_))) => error.to_string(),
        other => panic!("{text} gave {other:?}"),
    }
}

on_each_database! {
    /// Each refusal names the file, the line, the column and the value; nothing of it stays.
    async fn wrong_rows_are_refused_whole(store: &Store) {
        let database = &store.database;
        database.migrate().await.unwrap();
        let good = "length,city,2025,1.5,1,0,EQUAL,NORMAL,document\n";
        for (row, wanted) in [
            ("length,city,2025-Q5,1,0,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column period: \"2025-Q5\": \"2025-Q5\" is no period; "),
            ("length,town,2025,1,0,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column district: \"town\": there is no such district"),
            ("width,city,2025,1,0,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column metric: \"width\": there is no such metric"),
            ("length,city,2026,1,0,0,SAME,NORMAL,document\n",
             "observation.csv, line 3, column comparator: \"SAME\": unknown variant `SAME`, expected one of `EQUAL`, "),
            ("length,city,2026,1.2.3,0,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column value: \"1.2.3\": \"1.2.3\" is no decimal number; "),
            ("length,city,2026,1,one,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column decimals: \"one\": it is no whole number"),
            ("length,city,2026,1,-1,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column decimals: \"-1\": it is none of 0 to 28"),
            ("length,city,2026,,0,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3, column value: there is none, but the status is NORMAL; "),
            ("length,city,2026,1,0,0,EQUAL,MISSING,document\n",
             "observation.csv, line 3, column value: \"1\": the status is MISSING; "),
            ("length,city,2026,1,0,0,EQUAL,NORMAL,\n",
             "observation.csv, line 3, column source: a figure cannot be without it"),
            ("length,city,2025,9,0,0,EQUAL,NORMAL,document\n",
             "observation.csv, line 3: line 2 says otherwise of the same figure"),
            ("length,city\n", "observation.csv: CSV error: record 2 (line: 3, byte: "),
        ] {
            let message = refusal(database, "observation.csv", &format!("{HEAD}{good}{row}")).await;
            assert!(message.starts_with(wanted), "{message}");
        }
        // All of it is there, or nothing: the package without the wrong row goes in afterwards.
        let text = format!("{HEAD}{good}length,city,2026,,0,0,EQUAL,MISSING,document\n");
        let package = package(&[("observation.csv", &text)]).unwrap();
        assert!(package.load_into_empty(database, now()).await.unwrap());
    }

    /// A row may lie in one that comes much later in its file, many levels deep.
    async fn rows_may_lie_in_later_ones(server: &Server) {
        let lines = (0..1300).map(|n| {
            let parent = if n == 1299 { "beijing".to_owned() } else { format!("deep-{}", n + 1) };
            format!("deep-{n},DISTRICT,{parent},Deep {n},false\n")
        });
        server.write("district", &format!("slug,kind,parent,name_en,partition\n{}", lines.collect::<String>())).await;
        let query = r#"{ district(slug: "deep-0") { parent { slug parent { slug } } } districts(filter: {slug: {startsWith: "deep"}}) { totalCount }
            last: district(slug: "deep-1299") { parent { slug } } }"#;
        assert_eq!(server.data(query).await, serde_json::json!({
            "district": { "parent": { "slug": "deep-1", "parent": { "slug": "deep-2" } } },
            "districts": { "totalCount": 1300 }, "last": { "parent": { "slug": "beijing" } },
        }));
    }

    /// So are files that are not what they should be.
    async fn wrong_files_are_refused(store: &Store) {
        let database = &store.database;
        database.migrate().await.unwrap();
        for (file, text, wanted) in [
            ("datapackage.json", "{", "datapackage.json: EOF while parsing"),
            ("datapackage.json", r#"{"name": "x", "title": "X"}"#, "datapackage.json: missing field `resources`"),
            ("datapackage.json", r#"{"name": "x", "title": "X", "resources": [{"name": "unit", "path": "none.csv"}]}"#,
             "none.csv: the package has no such file"),
            ("datapackage.json", r#"{"name": "x", "title": "X", "resources": [{"name": "planet", "path": "unit.csv"}]}"#,
             "datapackage.json: there is no table \"planet\"; there are source, unit, "),
            ("unit.csv", "slug,colour\na,red\n", "unit.csv: the table unit has no column \"colour\""),
            ("unit.csv", "slug,id\na,1\n", "unit.csv: the table unit has no column \"id\""),
            ("unit.csv", "slug,name_\na,1\n", "unit.csv: the table unit has no column \"name_\""),
            ("unit.csv", "slug,symbol,name_en,dimension\nA b,x,X,LENGTH\n",
             "unit.csv, line 2, column slug: \"A b\": it is no slug; "),
            ("unit.csv", "slug,symbol,name_en,dimension\na,x,X,LENGTH\na,y,Y,LENGTH\n",
             "unit.csv, line 3, column slug: \"a\": it is given twice"),
            ("unit.csv", "slug,symbol,name_en,dimension\na,x,,LENGTH\n", "unit.csv, line 2, column name: it cannot be left out"),
            ("source.csv", "slug,title_en,published_on\na,A,27.1.2026\n",
             "source.csv, line 2, column published_on: \"27.1.2026\": it is no day of the calendar like 2026-01-27"),
            ("district.csv", "slug,kind,name_en,partition\na,CITY,A,yes\n",
             "district.csv, line 2, column partition: \"yes\": it is neither true nor false"),
        ] {
            let message = refusal(database, file, text).await;
            assert!(message.starts_with(wanted), "{message}");
        }
    }
}

/// A number is exact or refused; PostgreSQL keeps what SQLite would round.
#[tokio::test]
async fn a_number_sqlite_would_round_is_refused() {
    let long = format!("{HEAD}length,city,2025,1234567890.123456,6,0,EQUAL,NORMAL,document\n");
    let (Store { database, .. }, _folder) = crate::server::sqlite().await;
    database.migrate().await.unwrap();
    let message = refusal(&database, "observation.csv", &long).await;
    assert!(
        message.starts_with(
            "observation.csv, line 2, column value: \"1234567890.123456\": 1234567890.123456 has more than 15 significant \
             digits"
        ),
        "{message}"
    );
    // In a question too: rounding it would answer another one.
    let (store, _other_folder) = crate::server::sqlite().await;
    let server = Server::start(store).await;
    let (message, code, _) = server
        .error("{ observations(filter: {value: {lt: \"1234567890.123456\"}}) { totalCount } }")
        .await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.starts_with("1234567890.123456 has more than 15 significant"), "{message}");
    server.stop().await;
    database.close().await.unwrap();
    if let Some((Store { database, .. }, fresh)) = crate::postgres::database().await {
        database.migrate().await.unwrap();
        let package = package(&[("observation.csv", &long)]).unwrap();
        assert!(package.load_into_empty(&database, now()).await.unwrap());
        database.close().await.unwrap();
        fresh.drop().await;
    }
}

/// Numbers of up to 15 digits, of any size, come back from the database as they went in.
mod numbers {
    use super::*;
    use hutong::record::{Rows, Writer};

    fn value(number: u64) -> String {
        // Digits and the place of the point, spread over what fifteen digits can say.
        let digits = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 14)
            % 10_u64.pow(1 + (number % 15) as u32);
        let decimals = usize::try_from(number % 13).unwrap();
        let text = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, part) = text.split_at(text.len() - decimals);
        let sign = if number.is_multiple_of(3) && digits > 0 { "-" } else { "" };
        let part = part.trim_end_matches('0');
        if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }

    on_each_database! {
        async fn are_kept_exactly(server: &Server) {
            let columns = ["slug", "symbol", "name_en", "dimension", "factor"].map(str::to_owned);
            let rows = (0..600).map(|number| {
                let slug = format!("n-{number}");
                (number, vec![slug.clone(), slug, "N".to_owned(), "RATIO".to_owned(), value(number)])
            });
            let rows = Rows { origin: "n".to_owned(), columns: columns.into(), rows: rows.collect() };
            let mut writer = Writer::begin(&server.store.database, now(), hutong::record::By::operator("a test")).await.unwrap();
            writer.write("unit", &rows).await.unwrap();
            writer.commit().await.unwrap();
            let query = r#"{ units(first: 1000, filter: {slug: {startsWith: "n-"}}) { nodes { factor } } }"#;
            let data = server.data(query).await;
            let kept: Vec<&str> = data["units"]["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["factor"].as_str().unwrap())
                .collect();
            let given: Vec<String> = (0..600).map(value).collect();
            assert_eq!(kept, given);
        }
    }
}
