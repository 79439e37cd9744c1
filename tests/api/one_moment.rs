//! An answer is of one moment, whatever is written while it is found.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use hutong::record::{By, Writer};
use serde_json::Value;

use crate::{
    on_each_database,
    server::{Store, Uncached, rows},
};

/// A place and, some statements later, the unit of its figures.
const QUESTION: &str = r#"{ district(slug: "beijing") { code
    observations(filter: {metric: {slug: {eq: "5g-base-stations"}}}) { nodes {
        metric { unit { symbol } } } } } }"#;

/// How many units there are, by a statement of its own, and the units.
const COUNTED: &str = "{ units(first: 1000) { totalCount nodes { slug } } }";

/// How often both are written.
const WRITES: u32 = 200;

/// Gives both the same text and adds a unit, in one write.
async fn write(store: &Store, text: &str) {
    let mut writer = Writer::begin(&store.database, None, By::operator("a test")).await.unwrap();
    let district = format!("slug,code\nbeijing,{text}");
    writer.write("district", &rows("district", &district)).await.unwrap();
    let unit = format!("slug,symbol\nstation,{text}");
    writer.write("unit", &rows("unit", &unit)).await.unwrap();
    let unit = format!("slug,symbol,dimension,name_en\nu{text},u,COUNT,Unit {text}");
    writer.write("unit", &rows("unit", &unit)).await.unwrap();
    writer.settle().await.unwrap();
    writer.commit().await.unwrap();
}

on_each_database! {
    /// Each statement by itself would see what was written since the one before it.
    async fn what_is_written_together_is_read_together(server: &Uncached) {
        let other = Store::open(server.store.url.clone()).await;
        write(&other, "0").await;
        let written = AtomicBool::new(false);
        let writes = async {
            for number in 1..=WRITES {
                write(&other, &number.to_string()).await;
            }
            written.store(true, SeqCst);
        };
        let reads = async || {
            let mut seen = Vec::new();
            while !written.load(SeqCst) {
                let data = server.data(QUESTION).await;
                let unit = &data["district"]["observations"]["nodes"][0]["metric"]["unit"];
                assert_eq!(data["district"]["code"], unit["symbol"], "{data}");
                seen.push(unit["symbol"].clone());
                let units = &server.data(COUNTED).await["units"];
                let count = units["nodes"].as_array().unwrap().len();
                assert_eq!(units["totalCount"], count, "{units}");
            }
            seen.dedup();
            seen.len()
        };
        let ((), seen, _, _) = tokio::join!(writes, reads(), reads(), reads());
        // They did see one write after another.
        assert!(seen > 10, "{seen}");
        let last = server.data(QUESTION).await;
        assert_eq!(last["district"]["code"], Value::from(WRITES.to_string()));
    }
}
