//! Resources in several files, and Parquet within archives.

use crate::{
    import_formats::{WRITTEN, written},
    import_hostile::archive,
    imports::{counts, figures, folder, import, import_path, places},
    on_each_database,
    server::{Store, sqlite},
};

const PLACES: &str = r#"{"name": "p", "resources": [
    {"name": "district", "path": ["places/1.csv", "places/2.csv", "places/3.csv"]}]}"#;

/// Each with a line of columns, in another order, and with places that lie in those of the next.
const PARTS: [(&str, &str); 3] = [
    ("places/1.csv", "slug,kind,parent,name_en,partition\nquay,DISTRICT,harbour,Quay,true\n"),
    ("places/2.csv", "kind,slug,parent,name_en,partition\nDISTRICT,harbour,port,Harbour,true\n"),
    ("places/3.csv", "slug,kind,parent,name_en,partition\nport,CITY,,Port,true\n"),
];

/// The package, with one of its files otherwise.
fn package(other: (&str, &str)) -> Vec<u8> {
    let other = |name, text| if name == other.0 { other.1 } else { text };
    let files = PARTS.map(|(name, text)| (name, other(name, text).as_bytes()));
    archive(&[&[("datapackage.json", PLACES.as_bytes())], &files[..]].concat())
}

on_each_database! {
    /// The parts are one table, in a folder and in an archive.
    async fn parts_are_one_table(store: &Store) {
        let files = folder(&[
            ("p/datapackage.json", PLACES.as_bytes()), ("p/places/1.csv", PARTS[0].1.as_bytes()),
            ("p/places/2.csv", PARTS[1].1.as_bytes()), ("p/places/3.csv", PARTS[2].1.as_bytes()),
        ]);
        let done = import_path(store, &files.path().join("p"), &[]).await.unwrap();
        assert_eq!(counts(&done), [("district", [3, 0, 0, 0])]);
        assert_eq!(
            places(store).await,
            ["harbour DISTRICT none port", "port CITY none none", "quay DISTRICT none harbour"]
        );
        let again = import(store, "p.zip", package(("", "")), &[]).await.unwrap();
        assert_eq!(counts(&again), [("district", [0, 0, 0, 3])]);
    }

    /// What is wrong is told of the part it stands in, by its line there.
    async fn parts_are_told_by_name(store: &Store) {
        let wrong = PARTS[1].1.replace("DISTRICT,harbour,port", "DISTRICT,harbour,prt");
        let told = import(store, "p.zip", package(("places/2.csv", &wrong)), &[]).await.unwrap_err();
        assert_eq!(
            told,
            ["p.zip/places/2.csv, line 2, column parent: \"prt\": there is no such district; did you \
              mean port?"]
        );
        let other = "DISTRICT,harbour,port,Harbour,true\nDISTRICT,pier,port,Pier,true\n";
        let told = import(store, "p.zip", package(("places/2.csv", other)), &[]).await.unwrap_err();
        assert_eq!(
            told,
            [
                "p.zip/places/2.csv: it is to be read as one table with p.zip/places/1.csv, and must \
                 name the same columns: kind, name_en, parent, partition, slug",
                "p.zip/places/1.csv, line 2, column parent: \"harbour\": there is no such district",
            ]
        );
        let absent = PLACES.replace("places/3", "places/4");
        let files = [("datapackage.json", absent.as_bytes()), (PARTS[0].0, PARTS[0].1.as_bytes())];
        let told = import(store, "p.zip", archive(&files), &[]).await.unwrap_err();
        let none = |part| format!(
            "p.zip/datapackage.json, column path: \"places/{part}.csv\": the package has no such file");
        assert_eq!(told[..2], [none(2), none(4)]);
        let empty = PLACES.replace(r#"["places/1.csv", "places/2.csv", "places/3.csv"]"#, "[]");
        let told = import(store, "p.zip", archive(&[("datapackage.json", empty.as_bytes())]), &[]).await;
        assert_eq!(
            told.unwrap_err(),
            ["p.zip/datapackage.json, column resources: \"district\": it has neither a path nor data"]
        );
    }

    /// Figures in several parts are from one source.
    async fn figures_in_parts(store: &Store) {
        let json = r#"{"name": "p", "resources": [{"name": "people", "path": ["a.csv", "b.csv"]}]}"#;
        let zip = archive(&[
            ("datapackage.json", json.as_bytes()),
            ("a.csv", b"place,year,people\nA,2024,1\n"),
            ("b.csv", b"place,year,people\nA,2025,2\nB,2025,3\n"),
        ]);
        let options = ["--resource=people", "--create-missing", "--set=people.unit=persons"];
        let done = import(store, "p.zip", &zip, &options).await.unwrap();
        assert_eq!(
            counts(&done),
            [
                ("district", [2, 0, 0, 0]), ("metric", [1, 0, 0, 0]), ("observation", [3, 0, 0, 0]),
                ("source", [1, 0, 0, 0]), ("unit", [1, 0, 0, 0]),
            ]
        );
    }

    /// Parquet as part of an archive.
    async fn parquet_in_an_archive(store: &Store) {
        let json = r#"{"name": "p", "resources": [{"name": "prices", "path": "prices.parquet"}]}"#;
        let options = [
            "--resource=prices", "--set=unit=persons", "--create-missing", "--frequency=month",
            "--map=district=place", "--map=exact=exact", "--map=binary=binary",
        ];
        let zip = archive(&[("datapackage.json", json.as_bytes()), ("prices.parquet", &written())]);
        import(store, "p.zip", zip, &options).await.unwrap();
        assert_eq!(figures(store).await, WRITTEN);
    }
}

/// What claims to be Parquet fills no disk.
#[tokio::test]
async fn parquet_in_an_archive_stays_small() {
    let (store, _folder) = sqlite().await;
    let json = r#"{"name": "p", "resources": [{"name": "prices", "path": "prices.parquet"}]}"#;
    // What else is in an archive lets more come out of it, but not of this file.
    let noise = std::iter::successors(Some(1_u32), |last| {
        Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    });
    let noise: Vec<u8> = noise.map(|number| number.to_be_bytes()[0]).take(1 << 20).collect();
    let read = async |bytes: &[u8]| {
        let zip = archive(&[
            ("datapackage.json", json.as_bytes()),
            ("prices.parquet", bytes),
            ("noise", &noise),
        ]);
        import(&store, "p.zip", zip, &["--resource=prices"]).await.unwrap_err()
    };
    let bomb = [&b"PAR1"[..], &vec![0; 70 << 20]].concat();
    assert_eq!(
        read(&bomb).await,
        ["p.zip/prices.parquet: more than 67108864 bytes come out of the archive, too many for a \
          Parquet file of its size; unpack it yourself if you trust it"]
    );
    let cut = written();
    let told = read(&cut[..cut.len() / 2]).await;
    assert!(told[0].starts_with("p.zip/prices.parquet: it is no Parquet file: "), "{told:?}");
}
