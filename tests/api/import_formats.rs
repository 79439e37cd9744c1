//! Each format: packages, SDMX-CSV, JSON and Parquet.

use std::sync::Arc;

use parquet::{
    data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use crate::{
    imports::{counts, figures, folder, import, import_path},
    on_each_database,
    server::Store,
};

on_each_database! {
    /// The bundled package again, from its folder: nothing is other than before.
    async fn a_folder(store: &Store) {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data/beijing-digital-economy-2025");
        let first = import_path(store, data.as_ref(), &[]).await.unwrap();
        let created: u64 = counts(&first).iter().map(|(_, counts)| counts[0]).sum();
        let again = import_path(store, data.as_ref(), &[]).await.unwrap();
        let unchanged: u64 = counts(&again).iter().map(|(_, counts)| counts[3]).sum();
        assert_eq!(counts(&first).len(), 11);
        assert_eq!(created, unchanged);
        assert!(!again.outcome.changes());
        assert_eq!(figures(store).await.len(), 24);
    }

    /// Some of the tables only, one in the descriptor itself, one with columns that are not kept.
    async fn a_package_of_some_tables(store: &Store) {
        let json = br#"{"name": "small", "resources": [
            {"name": "district", "path": ["places.tsv"], "format": "tsv", "encoding": "gb18030"},
            {"name": "unit", "data": [{"slug": "metre", "symbol": "m", "name_en": "metre", "dimension": "LENGTH"}]}]}"#;
        let (places, ..) = encoding_rs::GB18030.encode("slug\tkind\tname_zh\tpartition\tmood\nhaidian\tDISTRICT\t海淀\ttrue\tfine\n");
        let files = folder(&[("p/datapackage.json", &json[..]), ("p/places.tsv", &places)]);
        let path = files.path().join("p");
        let told = import_path(store, &path, &[]).await.unwrap_err();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("mood"), "{told:?}");
        let done = import_path(store, &path, &["--ignore=mood"]).await.unwrap();
        assert_eq!(counts(&done), [("district", [1, 0, 0, 0]), ("unit", [1, 0, 0, 0])]);
    }

    /// npm's `vega-datasets` 3.2.1 has 73 resources, such as these; none is a table kept here, and
    /// its paths leave out the folder.
    async fn a_package_that_nobody_wrote_for_this(store: &Store) {
        let json = br#"{"name": "vega-datasets", "resources": [
            {"name": "icon_7zip", "type": "file", "path": "7zip.png", "format": "png", "mediatype": "image/png"},
            {"name": "us_10m", "type": "json", "path": "us-10m.json", "format": "topojson", "mediatype": "text/topojson"},
            {"name": "gapminder", "type": "table", "path": "gapminder.json", "format": "json", "mediatype": "text/json"}]}"#;
        // Its `data/gapminder.json`.
        let table = br#"[{"year": 1955, "country": "Afghanistan", "cluster": 0, "pop": 7971931, "life_expect": 43.88, "fertility": 7.42},
            {"year": 1960, "country": "Afghanistan", "cluster": 0, "pop": 8622466, "life_expect": 45.03, "fertility": 7.38}]"#;
        let files = folder(&[("v/datapackage.json", &json[..]), ("v/data/gapminder.json", table)]);
        let path = files.path().join("v");
        let told = import_path(store, &path, &[]).await.unwrap_err();
        let at = "v/datapackage.json, column resources";
        assert_eq!(
            told,
            [
                format!("{at}: \"icon_7zip\": it is an image (image/png); choose the resources to import by --resource"),
                format!("{at}: \"us_10m\": it is a map (topojson), no table of figures; choose the resources to import by --resource"),
                format!("{at}: \"gapminder\": it is none of the tables kept here; if it holds figures, import it by itself, by the path of its file or with --resource gapminder, and say by --map and --set what its columns are"),
            ]
        );
        let options = [
            "--create-missing", "--ignore=cluster", "--set=pop.unit=persons", "--set=life-expect.unit=years",
            "--set=fertility.unit=children per woman", "--set=children-per-woman.dimension=RATIO",
        ];
        let told = import_path(store, &path, &[&options[..], &["--resource=gapminder"]].concat()).await.unwrap_err();
        assert_eq!(told.len(), 1);
        assert!(told[0].ends_with("data/gapminder.json by itself"), "{told:?}");
        import_path(store, &path.join("data/gapminder.json"), &options).await.unwrap();
        assert_eq!(
            figures(store).await[..3],
            [
                "pop afghanistan 1955 EQUAL 7971931 0 0 NORMAL",
                "life-expect afghanistan 1955 EQUAL 43.88 2 0 NORMAL",
                "fertility afghanistan 1955 EQUAL 7.42 2 0 NORMAL",
            ]
        );
    }

    /// Codes with labels, numbers in thousands of millions, statuses, and what is withdrawn.
    async fn sdmx_csv(store: &Store) {
        let head = "STRUCTURE,STRUCTURE_ID,ACTION,FREQ: Frequency,REF_AREA: Area,INDICATOR,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE,UNIT_MULT,OBS_STATUS,DECIMALS\n";
        let table = format!("{head}\
            dataflow,X:POP(1.0),I,A: Annual,CN: China,POP: Population,2024,1.408,PS: Persons,9,A,3\n\
            dataflow,X:POP(1.0),A,A: Annual,CN: China,POP: Population,2025-01-01,1.41,PS: Persons,9: Billions,E,2\n\
            dataflow,X:POP(1.0),I,A: Annual,CN: China,POP: Population,2026,,PS: Persons,9,M,0\n");
        let options = ["--create-missing", "--set=unit.dimension=COUNT"];
        import(store, "pop.csv", &table, &options).await.unwrap();
        assert_eq!(
            figures(store).await,
            [
                "pop china 2024 EQUAL 1408000000 3 9 NORMAL",
                "pop china 2025 EQUAL 1410000000 2 9 ESTIMATED",
                "pop china 2026 EQUAL none 0 0 MISSING",
            ]
        );
        let later = format!("{}dataflow,X:POP(1.0),D,A,CN,POP,2024,,,,,\n", head.to_lowercase());
        let done = import(store, "later.csv", later, &["--set=source=pop-csv", "--format=sdmx-csv"]).await.unwrap();
        assert_eq!(counts(&done), [("observation", [0, 0, 1, 0])]);
        let wrong = table.replace("PS: Persons,9,A", "PT: Percent,9,A").replace(",A,A: Annual", ",X,A: Annual");
        let told = import(store, "pop.csv", wrong, &options).await.unwrap_err();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("column UNIT_MEASURE: \"PT: Percent\": the metric pop is measured in persons"), "{told:?}");
        assert!(told[1].contains("column ACTION: \"X\": there is no such action"), "{told:?}");
    }

    /// Numbers as they are written, never through binary ones.
    async fn json_lines(store: &Store) {
        let table = "{\"place\":\"A\",\"year\":2024,\"value\":0.10}\n\
            {\"year\":2025,\"place\":\"A\",\"value\":123456789012345}\n\
            {\"place\":\"B\",\"year\":2024,\"value\":null}\n\
            {\"place\":\"C\",\"year\":2024,\"value\":1.5e3}\n";
        let options = ["--set=metric=m", "--set=unit=persons", "--create-missing"];
        let done = import(store, "t.jsonl", table, &options).await.unwrap();
        assert_eq!(done.left_out, 1);
        assert_eq!(
            figures(store).await,
            [
                "m a 2024 EQUAL 0.1 2 0 NORMAL",
                "m a 2025 EQUAL 123456789012345 0 0 NORMAL",
                "m c 2024 EQUAL 1500 0 0 NORMAL",
            ]
        );
        let wrong = "{\"place\":\"D\",\"year\":2024,\"value\":[1]}\n{\"place\":\"E\",\"year\":2024,\"value\":1,\"value\":2}\n";
        let told = import(store, "t.jsonl", wrong, &options).await.unwrap_err();
        assert_eq!(
            told,
            [
                "t.jsonl, line 1, column value: \"[1]\": it is no text, number, true, false or null; a table has no more",
                "t.jsonl, line 2, column value: \"2\": the object has it twice",
            ]
        );
    }

    /// Decimals exactly, binary numbers by their shortest text, days as days.
    async fn parquet_files(store: &Store) {
        let options = [
            "--set=unit=persons", "--create-missing", "--frequency=month", "--map=district=place",
            "--map=exact=exact", "--map=binary=binary",
        ];
        import(store, "t.parquet", written(), &options).await.unwrap();
        assert_eq!(figures(store).await, WRITTEN);
    }
}

/// The figures of [`written`].
pub(crate) const WRITTEN: [&str; 4] = [
    "exact a 2024-01 EQUAL 12345.67 2 0 NORMAL",
    "binary a 2024-01 EQUAL 0.1 1 0 NORMAL",
    "exact b 2024-02 EQUAL -0.05 2 0 NORMAL",
    "binary b 2024-02 EQUAL 30000000000 0 0 NORMAL",
];

/// A Parquet file of two months and two metrics.
pub(crate) fn written() -> Vec<u8> {
    let schema = "message t { required binary place (STRING); required int32 date (DATE);
        required int64 exact (DECIMAL(12, 2)); required double binary; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let places = [ByteArray::from("A"), ByteArray::from("B")];
    column.typed::<ByteArrayType>().write_batch(&places, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[19723, 19754], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[1_234_567, -5], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&[0.1, 3e10], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    bytes
}
