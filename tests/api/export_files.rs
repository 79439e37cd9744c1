//! The forms of figures and districts that are given away, byte by byte.

use hutong::package::{
    Package,
    export::{Format, Order, Summary},
};
use parquet::{
    basic::{Compression, LogicalType},
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};

use crate::{
    export_package::{all, file, files},
    on_each_database,
    server::{Store, now},
};

/// Two districts, two metrics and what is known of them.
fn small() -> Package {
    let descriptor = r#"{"name": "two-places", "title": "Two places", "version": "1.2", "resources": [
        {"name": "source", "path": "source.csv"}, {"name": "unit", "path": "unit.csv"},
        {"name": "district", "path": "district.csv"}, {"name": "metric", "path": "metric.csv"},
        {"name": "observation", "path": "observation.csv"}]}"#;
    Package::read(|name| {
        Some(match name {
            "datapackage.json" => descriptor,
            "source.csv" => "slug,title_en\nyearbook,Yearbook\n",
            "unit.csv" => "slug,symbol,name_en,dimension\nyuan,CNY,yuan,CURRENCY\npercent,%,percent,RATIO\n",
            "district.csv" => {
                "slug,kind,parent,name_en,name_zh,partition,latitude,longitude,geometry\n\
                 east,DISTRICT,,East,东,true,39.90,116.40,\n\
                 west,DISTRICT,east,West,,false,1,2,\"{\"\"type\"\":\"\"Point\"\",\"\"coordinates\"\":[116.3,39.9]}\"\n\
                 nowhere,DISTRICT,,Nowhere,,true,,,\n"
            }
            "metric.csv" => {
                "slug,name_en,unit,measure,aggregation,direction,decimals\n\
                 output,Output,yuan,LEVEL,SUM,HIGHER_IS_BETTER,0\n\
                 growth,Growth,percent,GROWTH,NONE,HIGHER_IS_BETTER,1\n"
            }
            "observation.csv" => {
                "slug,metric,district,period,reference_date,value,decimals,multiplier,comparator,status,price_basis,unit_as_printed,note_en,note_zh,source,locator,published_on\n\
                 best,output,west,2025,2025-12-31,2400000000000,1,12,MORE_THAN,NORMAL,CURRENT,trillion,\"Well, \"\"more\"\"\",多,yearbook,p. 1,2026-01-27\n\
                 ,output,east,2025,,,0,0,EQUAL,MISSING,,,,,yearbook,,\n\
                 ,growth,east,2021/2025,,-8.75,3,0,AT_LEAST,PROVISIONAL,,,,少,yearbook,,\n"
            }
            _ => return None,
        })
    })
    .unwrap()
}

async fn hold(store: &Store) {
    store.database.migrate().await.unwrap();
    assert!(small().load_into_empty(&store.database, now()).await.unwrap());
}

async fn text(store: &Store, format: Format) -> String {
    String::from_utf8(file(&store.database, all(format)).await).unwrap()
}

on_each_database! {
    async fn figures_as_csv_are_those_of_a_package(store: &Store) {
        hold(store).await;
        assert_eq!(text(store, Format::Csv).await, "\
            slug,metric,district,initiative,period,reference_date,value,decimals,multiplier,comparator,status,price_basis,unit_as_printed,note_en,note_zh,source,locator,published_on\n\
            ,growth,east,,2021/2025,,-8.75,3,0,AT_LEAST,PROVISIONAL,,,,少,yearbook,,\n\
            ,output,east,,2025,,,0,0,EQUAL,MISSING,,,,,yearbook,,\n\
            best,output,west,,2025,2025-12-31,2400000000000,1,12,MORE_THAN,NORMAL,CURRENT,trillion,\"Well, \"\"more\"\"\",多,yearbook,p. 1,2026-01-27\n");
    }

    async fn figures_as_json_lines(store: &Store) {
        hold(store).await;
        assert_eq!(text(store, Format::Jsonl).await, concat!(
            r#"{"slug":null,"metric":"growth","district":"east","initiative":null,"period":"2021/2025","reference_date":null,"value":"-8.75","decimals":3,"multiplier":0,"comparator":"AT_LEAST","status":"PROVISIONAL","price_basis":null,"unit_as_printed":null,"note_en":null,"note_zh":"少","source":"yearbook","locator":null,"published_on":null}"#, "\n",
            r#"{"slug":null,"metric":"output","district":"east","initiative":null,"period":"2025","reference_date":null,"value":null,"decimals":0,"multiplier":0,"comparator":"EQUAL","status":"MISSING","price_basis":null,"unit_as_printed":null,"note_en":null,"note_zh":null,"source":"yearbook","locator":null,"published_on":null}"#, "\n",
            r#"{"slug":"best","metric":"output","district":"west","initiative":null,"period":"2025","reference_date":"2025-12-31","value":"2400000000000","decimals":1,"multiplier":12,"comparator":"MORE_THAN","status":"NORMAL","price_basis":"CURRENT","unit_as_printed":"trillion","note_en":"Well, \"more\"","note_zh":"多","source":"yearbook","locator":"p. 1","published_on":"2026-01-27"}"#, "\n",
        ));
    }

    /// What stands there times ten to the power of UNIT_MULT is the value; a bound stays a bound.
    async fn figures_as_sdmx_csv(store: &Store) {
        hold(store).await;
        assert_eq!(text(store, Format::SdmxCsv).await, "\
            STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,INITIATIVE,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE,UNIT_MULT,DECIMALS,OBS_STATUS,COMPARATOR,PRICE_BASIS,REFERENCE_DATE,UNIT_AS_PRINTED,SOURCE,LOCATOR,PUBLISHED_ON,OBS_COMMENT\n\
            dataflow,HUTONG:TWO_PLACES(1.2),I,east,growth,,2021-01-01/P5Y,-8.750,percent,0,3,P,AT_LEAST,,,,yearbook,,,少\n\
            dataflow,HUTONG:TWO_PLACES(1.2),I,east,output,,2025,,yuan,0,0,M,EQUAL,,,,yearbook,,,\n\
            dataflow,HUTONG:TWO_PLACES(1.2),I,west,output,,2025,2.4,yuan,12,1,A,MORE_THAN,CURRENT,2025-12-31,trillion,yearbook,p. 1,2026-01-27,\"Well, \"\"more\"\"\"\n");
    }

    async fn figures_as_parquet(store: &Store) {
        hold(store).await;
        let bytes = file(&store.database, all(Format::Parquet)).await;
        let reader = SerializedFileReader::new(axum::body::Bytes::from(bytes)).unwrap();
        let metadata = reader.metadata();
        assert_eq!(metadata.file_metadata().created_by(), Some("hutong"));
        let group = metadata.row_group(0);
        assert_eq!((metadata.num_row_groups(), group.num_rows()), (1, 3));
        assert!(matches!(group.column(0).compression(), Compression::ZSTD(_)));
        let kind = group.column(6).column_descr().logical_type_ref().cloned();
        // As many places as the most exact value has.
        assert_eq!(kind, Some(LogicalType::decimal(2, 38)));
        let rows: Vec<Vec<(String, String)>> = reader.get_row_iter(None).unwrap().map(|row| {
            let row = row.unwrap();
            let texts = row.get_column_iter().filter(|(_, field)| **field != Field::Null);
            texts.map(|(name, field)| (name.clone(), field.to_string())).collect()
        }).collect();
        let row = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
            fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        assert_eq!(rows, [
            row(&[("metric", "\"growth\""), ("district", "\"east\""), ("period", "\"2021/2025\""), ("value", "-8.75"), ("decimals", "3"), ("multiplier", "0"),
                ("comparator", "\"AT_LEAST\""), ("status", "\"PROVISIONAL\""), ("note_zh", "\"少\""), ("source", "\"yearbook\"")]),
            row(&[("metric", "\"output\""), ("district", "\"east\""), ("period", "\"2025\""), ("decimals", "0"), ("multiplier", "0"),
                ("comparator", "\"EQUAL\""), ("status", "\"MISSING\""), ("source", "\"yearbook\"")]),
            row(&[("slug", "\"best\""), ("metric", "\"output\""), ("district", "\"west\""), ("period", "\"2025\""), ("reference_date", "2025-12-31"),
                ("value", "2400000000000.00"), ("decimals", "1"), ("multiplier", "12"), ("comparator", "\"MORE_THAN\""), ("status", "\"NORMAL\""),
                ("price_basis", "\"CURRENT\""), ("unit_as_printed", "\"trillion\""), ("note_en", "\"Well, \"more\"\""), ("note_zh", "\"多\""),
                ("source", "\"yearbook\""), ("locator", "\"p. 1\""), ("published_on", "2026-01-27")]),
        ]);
    }

    /// Outlines, or else the points that are known; who is nowhere is counted.
    async fn districts_as_geojson(store: &Store) {
        hold(store).await;
        let (files, summary) = files(&store.database, all(Format::Geojson)).await;
        assert_eq!(summary, Summary { rows: 2, without_geometry: 1, claims_left_out: 0 });
        assert_eq!(String::from_utf8(files[""].clone()).unwrap(), concat!(
            r#"{"type":"FeatureCollection","withoutGeometry":1,"features":["#, "\n",
            r#"{"type":"Feature","id":"east","geometry":{"type":"Point","coordinates":[116.4,39.9]},"properties":{"slug":"east","kind":"DISTRICT","parent":null,"name_en":"East","name_zh":"东","code":null,"partition":true}},"#, "\n",
            r#"{"type":"Feature","id":"west","geometry":{"type":"Point","coordinates":[116.3,39.9]},"properties":{"slug":"west","kind":"DISTRICT","parent":"east","name_en":"West","name_zh":null,"code":null,"partition":false}}"#, "\n",
            "]}\n",
        ));
    }

    /// Values that no column of decimals holds all of are refused in one form, and exact in others.
    async fn values_of_all_sizes(store: &Store) {
        hold(store).await;
        store.write("observation", "metric,district,period,value,source\n\
            output,east,2001,100000000000000000000000000,yearbook\n\
            output,east,2002,0.0000000000001,yearbook").await;
        let order = Order { format: Format::Parquet, ..all(Format::Csv) };
        let snapshot = hutong::package::export::open(&store.database, None, now()).await.unwrap();
        let mut export = hutong::package::export::Export::begin(snapshot, order);
        let error = loop {
            match export.next().await {
                Ok(piece) => assert!(piece.is_some()),
                Err(error) => break error.to_string(),
            }
        };
        assert_eq!(error, "the values have up to 27 digits before the point and 13 after it, more than the 38 that a column of Parquet keeps exactly; export them as CSV, or fewer of them by a filter");
        let csv = text(store, Format::Csv).await;
        assert!(csv.contains(",100000000000000000000000000,") && csv.contains(",0.0000000000001,"), "{csv}");
    }

    /// There is nothing to give away of an empty database.
    async fn an_empty_database_is_told(store: &Store) {
        store.database.migrate().await.unwrap();
        let error = hutong::package::export::open(&store.database, None, now()).await.unwrap_err();
        assert_eq!(error.to_string(), "there is nothing to export: the database is empty");
    }
}
