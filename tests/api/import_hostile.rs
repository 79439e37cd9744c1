//! Files that are hostile, most of them by accident.

use std::io::Write;

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    imports::{figures, folder, import, import_path},
    on_each_database,
    server::{Store, sqlite},
};

const OPTIONS: &[&str] = &["--set=metric=m", "--set=unit=persons", "--create-missing"];

async fn wrong(store: &Store, bytes: impl AsRef<[u8]>) -> Vec<String> {
    import(store, "t.csv", bytes, OPTIONS).await.unwrap_err()
}

async fn read(store: &Store, bytes: impl AsRef<[u8]>, options: &[&str]) -> Vec<String> {
    import(store, "t.csv", bytes, &[OPTIONS, options].concat()).await.unwrap();
    figures(store).await
}

#[tokio::test]
async fn encodings_and_ends_of_lines() {
    let utf16: Vec<u8> = "\u{feff}place\tyear\tvalue\r\nKöln\t2024\t1\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let latin = b"place;year;value\nK\xf6ln;2024;1\n".to_vec();
    let chinese = encoding_rs::GB18030.encode("place,year,value\n海淀,2024,1\n").0.into_owned();
    let old = b"place,year,value\rKoln,2024,1\r".to_vec();
    let marked = "\u{feff}place,year,value\r\n\r\nKoln,2024,1\r\n,,\r\n\r\n".as_bytes().to_vec();
    for (bytes, options, place) in [
        (utf16, &[][..], "koln"),
        (latin, &["--encoding=latin1"], "koln"),
        (chinese, &["--encoding=gb18030"], "district-"),
        (old, &[], "koln"),
        (marked, &[], "koln"),
    ] {
        let (store, _folder) = sqlite().await;
        let lines = read(&store, &bytes, options).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("m {place}")), "{lines:?}");
    }
}

#[tokio::test]
async fn numbers_as_people_print_them() {
    let (store, _folder) = sqlite().await;
    let table = "place;year;value\na;2001;1.234,5\nb;2001;≥ 7\nc;2001;−3\nd;2001;1e3\ne;2001;n/a\n\
                 f;2001;:\ng;2001;secret\nh;2001;1 234 567\n";
    let lines = read(&store, table, &["--decimal=,", "--missing=secret"]).await;
    assert_eq!(
        lines,
        [
            "m a 2001 EQUAL 1234.5 1 0 NORMAL",
            "m b 2001 AT_LEAST 7 0 0 NORMAL",
            "m c 2001 EQUAL -3 0 0 NORMAL",
            "m d 2001 EQUAL 1000 0 0 NORMAL",
            "m h 2001 EQUAL 1234567 0 0 NORMAL",
        ]
    );
}

on_each_database! {
    /// Every row that is wrong is told, and nothing is kept of those that are right.
    async fn every_wrong_row_is_told(store: &Store) {
        let table = "place,year,value\nA,2024\nB,2024,2,3\nC,2024,3,\n\n,,\nD,13/02/2024,4\n\
                     E,2024,\"1,234\"\nF,2024,Asia\nG,soon,1\n,2024,1\n";
        assert_eq!(
            wrong(store, table).await,
            [
                "t.csv, line 2: it has 2 fields, but there are 3 columns",
                "t.csv, line 3: it has 4 fields, but there are 3 columns",
                "t.csv, line 7, column year: \"13/02/2024\": day and month may stand in either \
                 order; say which by --date-order dmy or mdy",
                "t.csv, line 8, column value: \"1,234\": the comma may stand before decimals or \
                 between thousands; say which by --decimal , or --decimal .",
                "t.csv, line 9, column value: \"Asia\": it is no number: write digits only, in \
                 groups of three if any, and a point before decimals",
                "t.csv, line 10, column year: \"soon\": \"soon\" is no period; write a year \
                 \"2025\", half \"2025-S1\", quarter \"2025-Q1\", month \"2025-06\", week \
                 \"2025-W05\", day \"2025-06-30\", or a range of them \"2021/2025\"",
                "t.csv, line 11, column place: there is none; every figure belongs to a district",
            ]
        );
        assert_eq!(figures(store).await, Vec::<String>::new());
        // More than can be told are counted.
        let many: String = (0..1000).map(|row| format!("p{row},2024,x\n")).collect();
        let told = wrong(store, format!("place,year,value\n{many}")).await;
        assert_eq!(told.len(), 101);
        assert_eq!(told[100], "… and 900 more");
    }

    /// The same figure twice is one; two figures for the same thing are a contradiction.
    async fn rows_that_are_there_twice(store: &Store) {
        let table = "place,year,value\nA,2024,1\nA,2024,1\n";
        assert_eq!(read(store, table, &[]).await, ["m a 2024 EQUAL 1 0 0 NORMAL"]);
        let told = wrong(store, "place,year,value\nA,2025,1\nB,2025,1\nA,2025,2\n").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("t.csv, line 4"), "{told:?}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why() {
    let (store, _folder) = sqlite().await;
    let long = format!("place,year,value\nA,2024,1\nB,2024,\"{}\"\n", "x".repeat(10_000_000));
    let long = wrong(&store, long).await;
    assert!(long[0].starts_with("t.csv, line 3, column value: \"xxx"), "{long:?}");
    assert!(long[0].contains("the field goes on beyond 1048576 bytes"), "{long:?}");
    for (bytes, reason) in [
        (
            &b"place,year,value\nA,2024,1\nB,2024,\"2\nC,2024,3\n"[..],
            "t.csv, line 3: a quote that is opened there is never closed",
        ),
        (
            b"place,year,value,value\nA,2024,1,1\n",
            "t.csv, line 1, column value: \"value\": two columns have this name; rename one of them",
        ),
        (b"", "t.csv: it is empty: there is no line of columns"),
        (
            b"place,year,value\nA,2024,1\nS\xe3o,2024,2\n",
            "t.csv, line 3: the byte 0xE3 is no UTF-8 there; say what the file is in by --encoding, \
          such as windows-1252 for Western Europe or gb18030 for Chinese",
        ),
        (
            b"p\0l\0a\0c\0e\0",
            "t.csv, line 1: there is a NUL, which no text has; a file in UTF-16 without a byte order \
          mark needs --encoding utf-16le or utf-16be",
        ),
        (b"\x89PNG\r\n\x1a\n", "t.csv: it is an image (PNG)"),
        (b"\x1f\x8b\x08", "t.csv: it is compressed (gzip): unpack it first"),
        (
            b"[{\"place\": \"A\"}, 5]",
            "t.csv, line 1: '5' stands where an object should begin; write an object for each row, \
          each on a line or all in one list",
        ),
        (
            b"{\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\"}]}",
            "t.csv: it is a map (GeoJSON or TopoJSON), no table of figures",
        ),
        (b"{\"place\": \"A\"", "t.csv, line 1: the object is not ended: a part is missing"),
    ] {
        assert_eq!(wrong(&store, bytes).await, [reason]);
    }
    let missing = import_path(&store, std::path::Path::new("/nowhere/at-all.csv"), &[]).await;
    assert!(missing.unwrap_err()[0].starts_with("at-all.csv: it cannot be read: "));
    let label = import(&store, "t.csv", "a,b\n", &["--encoding=klingon"]).await.unwrap_err();
    assert!(label[0].starts_with("t.csv: there is no encoding \"klingon\"; "), "{label:?}");
}

pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn descriptor(path: &str) -> String {
    format!(r#"{{"name": "p", "resources": [{{"name": "unit", "path": "{path}"}}]}}"#)
}

const UNIT: &[u8] = b"slug,symbol,name_en,dimension\nmetre,m,metre,LENGTH\n";

#[tokio::test]
async fn archives_hold_what_they_say_and_no_more() {
    let (store, _folder) = sqlite().await;
    let read = async |files: &[(&str, &[u8])]| import(&store, "p.zip", archive(files), &[]).await;
    let good = descriptor("unit.csv");
    for within in ["", "top/"] {
        let (json, unit) = (format!("{within}datapackage.json"), format!("{within}unit.csv"));
        read(&[(&json, good.as_bytes()), (&unit, UNIT)]).await.unwrap();
    }
    for path in
        ["../unit.csv", "/etc/passwd", "a/../../unit.csv", "https://x.org/unit.csv", "c:unit"]
    {
        let (json, named) = (
            descriptor(path),
            format!(
                "p.zip/datapackage.json, column path: {path:?}: \
            the path must be one of a file beside the descriptor or in a folder there, without .., : and \\"
            ),
        );
        let told = read(&[("datapackage.json", json.as_bytes()), ("unit.csv", UNIT)]).await;
        assert_eq!(told.unwrap_err(), [named]);
    }
    let none = read(&[("unit.csv", UNIT)]).await.unwrap_err();
    assert_eq!(
        none,
        ["p.zip: there is no datapackage.json in it; unpack it, and import the table \
                       you mean by itself"]
    );
    let nested = archive(&[("datapackage.json", good.as_bytes()), ("unit.csv", UNIT)]);
    let told = read(&[("datapackage.json", good.as_bytes()), ("unit.csv", &nested)]).await;
    assert_eq!(
        told.unwrap_err(),
        ["p.zip/unit.csv: it is an archive within an archive: unpack it first"]
    );
    let head = b"slug,symbol,name_en,dimension\n".to_vec();
    let bomb = [head, b"\n".repeat(300 << 20)].concat();
    let told =
        read(&[("datapackage.json", good.as_bytes()), ("unit.csv", &bomb)]).await.unwrap_err();
    assert!(told[0].contains("bytes come out of the archive, too many for its size"), "{told:?}");
    let cut = archive(&[("datapackage.json", good.as_bytes())]);
    let told = import(&store, "p.zip", &cut[..cut.len() / 2], &[]).await.unwrap_err();
    assert!(told[0].starts_with("p.zip: it is no zip archive that can be read: "), "{told:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn folders_end_at_their_edge() {
    let (store, _folder) = sqlite().await;
    let json = descriptor("unit.csv");
    let outside = folder(&[("unit.csv", UNIT)]);
    let inside = folder(&[("p/datapackage.json", json.as_bytes())]);
    let link = inside.path().join("p/unit.csv");
    std::os::unix::fs::symlink(outside.path().join("unit.csv"), &link).unwrap();
    let told = import_path(&store, &inside.path().join("p"), &[]).await.unwrap_err();
    assert_eq!(
        told,
        ["p/datapackage.json, column path: \"unit.csv\": it is a link that leads out of \
                       the package"]
    );
    std::fs::remove_file(&link).unwrap();
    // A pipe would wait for ever; thousands of other files are no matter.
    let status = std::process::Command::new("mkfifo").arg(&link).status().unwrap();
    assert!(status.success());
    let told = import_path(&store, &inside.path().join("p"), &[]).await.unwrap_err();
    assert_eq!(told, ["p/datapackage.json, column path: \"unit.csv\": it is no file"]);
    std::fs::remove_file(&link).unwrap();
    for number in 0..100_000 {
        std::fs::File::create(inside.path().join(format!("p/{number}"))).unwrap();
    }
    std::fs::write(&link, UNIT).unwrap();
    import_path(&store, &inside.path().join("p"), &[]).await.unwrap();
}
