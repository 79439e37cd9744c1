//! Exports of one moment: what is in force then, whatever is written meanwhile, and never what is
//! not public.

use std::collections::BTreeMap;

use hutong::{
    access::{Role, Viewer},
    package::export::{self, Export, Format, Order, Piece},
    record::{By, Rows, Writer},
};

use crate::{
    Server,
    export_package::{all, file, files},
    on_each_database,
    server::{Store, now},
};

/// Values of an exported CSV by district.
fn values(csv: &[u8]) -> BTreeMap<String, String> {
    let mut reader = csv::Reader::from_reader(csv);
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (row["district"].clone(), row["value"].clone())).collect()
}

async fn write(store: &Store, viewer: Viewer, lines: &str) {
    let mut lines = lines.lines().map(str::trim);
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let columns = fields(lines.next().unwrap());
    let rows = lines.map(|line| (0, fields(line))).collect();
    let by = By { viewer, operation: "a test".to_owned(), reason: None };
    let mut writer = Writer::begin(&store.database, now(), by).await.unwrap();
    let rows = Rows { origin: "observation.csv".to_owned(), columns, rows };
    writer.write("observation", &rows).await.unwrap();
    writer.commit().await.unwrap();
}

const SOURCE: &str = "beijing-daily-2026-01-27";

on_each_database! {
    /// The figure in force is exported: not those it replaced, none that was retracted.
    async fn the_history_stays(server: &Server) {
        let store = &server.store;
        let operator = Viewer::operator;
        write(store, operator(), &format!("metric,district,period,value,source\n5g-base-stations,haidian,2019,1,{SOURCE}\n5g-base-stations,shunyi,2019,2,{SOURCE}")).await;
        let before = server.data("{ dataset { changedAt } }").await["dataset"]["changedAt"].as_str().unwrap().to_owned();
        write(store, operator(), &format!("metric,district,period,value,source\n5g-base-stations,haidian,2019,3,{SOURCE}")).await;
        write(store, operator(), "metric,district,period,action\n5g-base-stations,shunyi,2019,D").await;
        let figures = |filter: &str| {
            use async_graphql::InputType;
            let json: serde_json::Value = serde_json::from_str(filter).unwrap();
            let value = async_graphql::Value::from_json(json).unwrap();
            hutong::graphql::ObservationFilter::parse(Some(value)).map_err(|_| ()).unwrap()
        };
        let order = |as_of: Option<&str>| Order {
            figures: Some(figures(r#"{"period": {"eq": "2019"}}"#)),
            as_of: as_of.map(|moment| moment.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()),
            ..all(Format::Csv)
        };
        let found = file(&store.database, order(None)).await;
        assert_eq!(values(&found), BTreeMap::from([("haidian".to_owned(), "3".to_owned())]));
        // As the database stood, for ever the same.
        let then = file(&store.database, order(Some(&before))).await;
        let wanted = [("haidian", "1"), ("shunyi", "2")].map(|(place, value)| (place.to_owned(), value.to_owned()));
        assert_eq!(values(&then), BTreeMap::from(wanted));
        write(store, operator(), &format!("metric,district,period,value,source\n5g-base-stations,haidian,2019,4,{SOURCE}")).await;
        assert_eq!(file(&store.database, order(Some(&before))).await, then);
        assert_eq!(values(&file(&store.database, order(Some("2100-01-01T00:00:00Z"))).await)["haidian"], "4");
        assert_eq!(values(&file(&store.database, order(Some("2000-01-01T00:00:00Z"))).await), BTreeMap::new());
    }

    /// A figure under embargo leaves in no form, nor what is claimed of it.
    async fn what_is_not_public_stays(server: &Server) {
        let store = &server.store;
        let publisher = Viewer { role: Some(Role::Publisher), name: Some("Ming".into()) };
        write(store, publisher, &format!("slug,metric,district,period,value,source,published_on\n\
            secret-figure,5g-base-stations,haidian,2019,987654321,{SOURCE},2999-01-01")).await;
        for format in [Format::Folder, Format::Csv, Format::Jsonl, Format::SdmxCsv] {
            for as_of in [None, Some(chrono::DateTime::<chrono::Utc>::MAX_UTC.into())] {
                let (files, summary) = files(&store.database, Order { as_of, ..all(format) }).await;
                assert_eq!(summary.rows, 24, "{format:?}");
                for (name, bytes) in files {
                    let text = String::from_utf8(bytes).unwrap();
                    assert!(!text.contains("987654321") && !text.contains("secret-figure"), "{format:?} {name}");
                }
            }
        }
        // Nor for those who see it elsewhere.
        let token = server.token(Role::Admin).await;
        for form in ["observations.csv", "observations.jsonl", "observations.sdmx.csv"] {
            let get = server.client().get(server.url(&format!("/export/{form}"))).bearer_auth(&token);
            let response = get.send().await.unwrap();
            assert_eq!(response.headers()["cache-control"], "private, no-cache");
            let text = response.text().await.unwrap();
            assert!(text.contains("153.4") || text.contains("153400"), "{form}");
            assert!(!text.contains("987654321"), "{form}");
        }
    }
}

/// Rows of figures, a district a row.
fn rows(metric: &str, period: &str, value: &str, districts: usize) -> Rows {
    let columns = ["metric", "district", "period", "value", "source"].map(str::to_owned).to_vec();
    let fields = |at: usize| {
        vec![
            metric.to_owned(),
            format!("d{at}"),
            period.to_owned(),
            value.to_owned(),
            SOURCE.to_owned(),
        ]
    };
    let rows = (0..districts).map(|at| (0, fields(at))).collect();
    Rows { origin: "observation.csv".to_owned(), columns, rows }
}

async fn record(store: &Store, tables: Vec<(&str, Rows)>) {
    let mut writer = Writer::begin(&store.database, now(), By::operator("a test")).await.unwrap();
    for (table, rows) in tables {
        writer.write(table, &rows).await.unwrap();
    }
    writer.commit().await.unwrap();
}

fn districts(count: usize) -> Rows {
    let columns = ["slug", "kind", "name_en", "partition"].map(str::to_owned).to_vec();
    let fields =
        |at: usize| vec![format!("d{at}"), "DISTRICT".into(), format!("D {at}"), "false".into()];
    let rows = (0..count).map(|at| (0, fields(at))).collect();
    Rows { origin: "district.csv".to_owned(), columns, rows }
}

on_each_database! {
    /// Whatever is corrected while an export is under way, it shows one moment: here that all
    /// figures have one value.
    async fn corrections_meanwhile_do_not_tear_it(server: &Server) {
        const PLACES: usize = 3000;
        let store = &server.store;
        let metric = "5g-base-stations";
        let years = ["2001", "2002", "2003", "2004"];
        let all_of = |value: &str| years.map(|year| ("observation", rows(metric, year, value, PLACES)));
        let mut first = vec![("district", districts(PLACES))];
        first.extend(all_of("1"));
        record(store, first).await;
        let snapshot = export::open(&store.database, None, now()).await.unwrap();
        let mut under_way = Export::begin(snapshot, all(Format::Csv));
        let mut bytes = Vec::new();
        // One page of the survey and no more is taken before everything changes.
        assert_eq!(under_way.next().await.unwrap(), Some(Piece::Bytes(Vec::new())));
        record(store, all_of("2").into()).await;
        loop {
            match under_way.next().await.unwrap().unwrap() {
                Piece::Bytes(piece) => {
                    let begun = bytes.is_empty() && !piece.is_empty();
                    bytes.extend(piece);
                    if begun {
                        record(store, all_of("3").into()).await;
                    }
                }
                Piece::Done(summary) => {
                    assert_eq!(summary.rows as usize, 24 + years.len() * PLACES);
                    break;
                }
                Piece::File(name) => panic!("{name}"),
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let ones = text.lines().filter(|line| line.contains(",d") && line.contains(",1,0,0,EQUAL")).count();
        assert_eq!(ones, years.len() * PLACES);
        let now_is = String::from_utf8(file(&store.database, all(Format::Csv)).await).unwrap();
        assert_eq!(now_is.lines().filter(|line| line.contains(",3,0,0,EQUAL")).count(), years.len() * PLACES);
    }
}

/// However many figures there are, no piece of an export is large.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_figures_leave_in_small_pieces() {
    const PLACES: usize = 1000;
    let (store, _folder) = crate::server::sqlite().await;
    store.database.migrate().await.unwrap();
    let package = hutong::package::bundled::package().unwrap();
    assert!(package.load_into_empty(&store.database, now()).await.unwrap());
    let mut tables = vec![("district", districts(PLACES))];
    for year in 1800..2000 {
        let year = year.to_string();
        tables.push(("observation", rows("5g-base-stations", &year, "123.45", PLACES)));
    }
    record(&store, tables).await;
    for format in [Format::Csv, Format::Parquet, Format::Zip] {
        let snapshot = export::open(&store.database, None, now()).await.unwrap();
        let mut export = Export::begin(snapshot, all(format));
        let (mut largest, mut whole) = (0, 0);
        loop {
            match export.next().await.unwrap().unwrap() {
                Piece::Bytes(bytes) => {
                    largest = largest.max(bytes.len());
                    whole += bytes.len();
                }
                Piece::Done(summary) => {
                    assert_eq!(summary.rows as usize, 24 + 200 * PLACES);
                    break;
                }
                Piece::File(name) => panic!("{name}"),
            }
        }
        assert!(largest < 2 << 20 && whole > largest, "{format:?}: {largest} of {whole}");
    }
    store.database.close().await.unwrap();
}
