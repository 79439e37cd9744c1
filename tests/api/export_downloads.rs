//! Downloads: the data over HTTP, and the command that writes them to files.

use std::{io::Cursor, path::Path};

use serde_json::{Value, json};

use crate::{
    Answer, Server,
    command::hutong,
    export_package::{all, file},
    on_each_database,
    server::{Store, now},
};
use hutong::package::{bundled, export::Format};

async fn get(server: &Server, address: &str, parameters: &[(&str, &str)]) -> reqwest::Response {
    server.client().get(server.url(address)).query(parameters).send().await.unwrap()
}

async fn text(server: &Server, address: &str, parameters: &[(&str, &str)]) -> String {
    let response = get(server, address, parameters).await;
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{address} {parameters:?}: {text}");
    text
}

on_each_database! {
    /// Each download is the bytes that the command writes, with a name and a kind.
    async fn every_form_is_there(server: &Server) {
        for (format, kind) in [
            (Format::Zip, "application/zip"),
            (Format::Csv, "text/csv; charset=utf-8; header=present"),
            (Format::Jsonl, "application/x-ndjson; charset=utf-8"),
            (Format::Parquet, "application/vnd.apache.parquet"),
            (Format::SdmxCsv, "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8"),
            (Format::Geojson, "application/geo+json; charset=utf-8"),
        ] {
            let name = format.download().unwrap();
            let response = get(server, &format!("/export/{name}"), &[]).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], kind);
            assert_eq!(response.headers()["content-disposition"], format!("attachment; filename=\"{name}\"").as_str());
            assert_eq!(response.headers()["cache-control"], "no-cache");
            let wanted = file(&server.store.database, all(format)).await;
            assert_eq!(response.bytes().await.unwrap(), wanted, "{name}");
        }
    }

    /// What is packed already is not packed again.
    async fn text_is_compressed_on_the_way(server: &Server) {
        for (name, encoding) in [("observations.csv", Some("gzip")), ("observations.sdmx.csv", Some("gzip")),
            ("dataset.zip", None), ("observations.parquet", None)] {
            let get = server.client().get(server.url(&format!("/export/{name}"))).header("accept-encoding", "gzip");
            let response = get.send().await.unwrap();
            let found = response.headers().get("content-encoding").map(|value| value.to_str().unwrap());
            assert_eq!(found, encoding, "{name}");
        }
    }

    /// A client that has the file is told so until the data change.
    async fn a_file_that_is_known_is_not_sent_again(server: &Server) {
        let address = "/export/observations.csv";
        let tag = get(server, address, &[]).await.headers()["etag"].clone();
        let again = |tag: reqwest::header::HeaderValue, address: &str| {
            server.client().get(server.url(address)).header("if-none-match", tag).send()
        };
        let response = again(tag.clone(), address).await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["etag"]), (304, &tag));
        assert_eq!(response.bytes().await.unwrap().len(), 0);
        assert_eq!(again(tag.clone(), "/export/observations.jsonl").await.unwrap().status(), 200);
        assert_eq!(again(tag.clone(), "/export/observations.csv?filter={}").await.unwrap().status(), 200);
        let head = server.client().head(server.url(address)).send().await.unwrap();
        assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &tag));
        assert_eq!(head.headers()["content-type"], "text/csv; charset=utf-8; header=present");
        assert_eq!(head.headers().get("content-length"), None);
        server.write("unit", "slug,symbol,name_en,dimension\nnew,x,X,COUNT").await;
        let response = again(tag.clone(), address).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_ne!(response.headers()["etag"], tag);
    }

    /// Filters are those of the API, as JSON and as GraphQL writes them.
    async fn filters_are_those_of_the_api(server: &Server) {
        let wanted = "slug,metric,";
        for filter in [
            r#"{metric: {slug: {eq: "5g-base-stations"}}, comparator: {in: [EQUAL]}}"#,
            r#"{"metric": {"slug": {"eq": "5g-base-stations"}}, "comparator": {"in": ["EQUAL"]}}"#,
        ] {
            let csv = text(server, "/export/observations.csv", &[("filter", filter)]).await;
            assert_eq!(csv.lines().count(), 2, "{csv}");
            assert!(csv.starts_with(wanted) && csv.contains(",153400,"), "{csv}");
        }
        let none = text(server, "/export/observations.csv", &[("filter", "{slug: {eq: \"no-such\"}}")]).await;
        assert_eq!(none, "slug,metric,district,initiative,period,reference_date,value,decimals,multiplier,comparator,status,price_basis,unit_as_printed,source,locator,published_on\n");
        server.write("district", "slug,latitude,longitude\nhaidian,39.96,116.30\nshunyi,39.7,116.1").await;
        let map = text(server, "/export/districts.geojson", &[("filter", "{slug: {eq: \"haidian\"}}")]).await;
        let map: Value = serde_json::from_str(&map).unwrap();
        assert_eq!(map["features"].as_array().unwrap().len(), 1);
        assert_eq!(map["features"][0]["geometry"], json!({ "type": "Point", "coordinates": [116.3, 39.96] }));
        let all: Value = serde_json::from_str(&text(server, "/export/districts.geojson", &[]).await).unwrap();
        assert_eq!((all["features"].as_array().unwrap().len(), &all["withoutGeometry"]), (2, &json!(15)));
    }

    /// What is wrong is told as the API tells it, before anything is sent.
    async fn what_is_wrong_is_told(server: &Server) {
        let csv = "/export/observations.csv";
        for (address, parameters, status, code, message) in [
            (csv, &[("filter", "{metrik: {}}")][..], 400, "BAD_USER_INPUT", "`$filter` has no field `metrik`: ObservationFilter has none; did you mean metric?"),
            (csv, &[("filter", r#"{"value": {"gt": "many"}}"#)], 400, "BAD_USER_INPUT", "`$filter.value.gt`: \"many\" is no "),
            (csv, &[("filter", "{status: {eq: BEST}}")], 400, "BAD_USER_INPUT", "`$filter.status.eq` "),
            (csv, &[("filter", "{")], 400, "BAD_USER_INPUT", "`filter`: \"{\" is neither JSON nor a literal of GraphQL; "),
            (csv, &[("filter", "{}) { nodes { id } } x: units(filter: {}")], 400, "BAD_USER_INPUT", "`filter`: "),
            (csv, &[("filter", "null")], 400, "BAD_USER_INPUT", "`$filter` "),
            (csv, &[("filter", r#"{"slug": {"eq": "a"}, "slug": {}}"#)], 400, "BAD_USER_INPUT", "`filter`: "),
            (csv, &[("asOf", "yesterday")], 400, "BAD_USER_INPUT", "`asOf`: "),
            (csv, &[("fliter", "{}")], 400, "BAD_REQUEST", "unknown field `fliter`, expected `filter` or `asOf`; a download takes the parameters `filter` and `asOf`"),
            ("/export/districts.geojson", &[("filter", "{metric: {}}")], 400, "BAD_USER_INPUT", "`$filter` has no field `metric`: DistrictFilter has none"),
            ("/export/observations.xlsx", &[], 404, "NOT_FOUND", "there is no download \"observations.xlsx\"; there are dataset.zip, observations.csv, "),
        ] {
            let answer = Answer::read(get(server, address, parameters).await).await;
            assert_eq!(answer.status, status, "{parameters:?} {}", answer.text);
            let (told, found, _) = answer.error();
            assert_eq!(found, code, "{told}");
            assert!(told.contains(message), "{told}");
        }
        let posted = server.client().post(server.url(csv)).send().await.unwrap();
        assert_eq!(posted.status(), 405);
    }
}

/// Where only trusted documents are executed nobody sets conditions of their own, but whoever runs
/// the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trusted_documents_have_the_filters() {
    let (store, folder) = crate::server::sqlite().await;
    std::fs::write(folder.path().join("documents.json"), "{}").unwrap();
    let trusted = format!("--trusted-documents={}", folder.path().join("documents.json").display());
    let url = format!("--database-url={}", store.url);
    let server = Server::start_with(store, &[&trusted]).await;
    let csv = "/export/observations.csv";
    assert_eq!(get(&server, csv, &[]).await.status(), 200);
    let answer = Answer::read(get(&server, csv, &[("filter", "{}")]).await).await;
    let message =
        "this server executes trusted documents alone, and `filter` is none; leave it out";
    assert_eq!(
        answer.error(),
        (message.to_owned(), "DOCUMENT_NOT_TRUSTED".to_owned(), Value::Null)
    );
    let (code, _, told) = export(folder.path(), &["a.csv", "--filter={}", &trusted, &url]);
    assert_eq!((code, &*told), (Some(0), "exported 24 figures in force\n"));
    server.stop().await;
}

fn export(folder: &Path, arguments: &[&str]) -> (Option<i32>, Vec<u8>, String) {
    let mut command = hutong(folder, &[&["export"], arguments].concat());
    let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

on_each_database! {
    /// The command writes each form by its ending, whole or not at all.
    async fn the_command_writes_files(store: &Store) {
        store.database.migrate().await.unwrap();
        assert!(bundled::package().unwrap().load_into_empty(&store.database, now()).await.unwrap());
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let url = format!("--database-url={}", store.url);
        for (name, format) in [
            ("a.zip", Format::Zip), ("a.csv", Format::Csv), ("a.ndjson", Format::Jsonl),
            ("a.parquet", Format::Parquet), ("a.sdmx.csv", Format::SdmxCsv),
        ] {
            let (code, out, told) = export(folder.path(), &[name, &url]);
            assert_eq!((code, &*out, &*told), (Some(0), &b""[..], "exported 24 figures in force\n"), "{name}");
            assert_eq!(std::fs::read(at(name)).unwrap(), file(&store.database, all(format)).await, "{name}");
        }
        let (code, out, told) = export(folder.path(), &["-", "--format=geojson", &url]);
        assert_eq!((code, out), (Some(0), file(&store.database, all(Format::Geojson)).await));
        assert_eq!(told, "exported 0 districts\n17 districts were left out: neither an outline nor a point is known\n");
        assert_eq!(export(folder.path(), &["whole/package", &url]).0, Some(0));
        let mut archive = zip::ZipArchive::new(Cursor::new(std::fs::read(at("a.zip")).unwrap())).unwrap();
        for name in archive.file_names().map(|name| name.unwrap().into_owned()).collect::<Vec<_>>() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut archive.by_name(&name).unwrap(), &mut bytes).unwrap();
            assert_eq!(std::fs::read(at("whole/package").join(&name)).unwrap(), bytes, "{name}");
        }
        let few = ["few.csv", "--filter={metric: {slug: {eq: \"5g-base-stations\"}}}", &url];
        assert_eq!(export(folder.path(), &few), (Some(0), Vec::new(), "exported 1 figures in force\n".to_owned()));
        for (arguments, wanted) in [
            (&["a.cvs", &url][..], "hutong: the ending of a.cvs tells no form; name one by --format\n"),
            (&["-", &url], "hutong: the ending of - tells no form; name one by --format\n"),
            (&["-", "--format=folder", &url], "hutong: a folder cannot be written to standard output; name another form by --format\n"),
            (&["no/such/b.csv", &url], "hutong: cannot write no/such/b.csv: "),
            (&["b.csv", "--filter={metrik: {}}", &url], "hutong: `$filter"),
        ] {
            let (code, out, told) = export(folder.path(), arguments);
            assert_eq!((code, &*out), (Some(1), &b""[..]));
            assert!(told.starts_with(wanted) && told.lines().count() == 1, "{told}");
        }
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(left.iter().all(|name| !name.ends_with(".part") && !name.starts_with("b.")), "{left:?}");
    }
}
