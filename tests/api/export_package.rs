//! Packages that are given away: exported, loaded into an empty database and exported again they
//! are the same, byte by byte, whichever database they are in.

use std::{collections::BTreeMap, io::Read};

use hutong::{
    database::Database,
    graphql::ObservationFilter,
    package::{
        Package, bundled,
        export::{self, Export, Format, Order, Piece, Summary},
    },
};
use serde_json::{Value, json};
use strum::VariantArray;

use crate::{
    Server, on_each_database, panel, postgres,
    server::{Store, now, sqlite},
};

/// Files by their names.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Everything, in a form.
pub(crate) fn all(format: Format) -> Order {
    Order { format, figures: None, districts: None, as_of: None }
}

/// The files of an export; of a single one without a name.
pub(crate) async fn files(database: &Database, order: Order) -> (Files, Summary) {
    let snapshot = export::open(database, order.as_of, now()).await.unwrap();
    let mut export = Export::begin(snapshot, order);
    let (mut files, mut name) = (Files::new(), String::new());
    loop {
        match export.next().await.unwrap().unwrap() {
            Piece::File(next) => name = next,
            Piece::Bytes(bytes) => files.entry(name.clone()).or_default().extend(bytes),
            Piece::Done(summary) => return (files, summary),
        }
    }
}

/// The bytes of an export that is one file.
pub(crate) async fn file(database: &Database, order: Order) -> Vec<u8> {
    let (mut files, _) = files(database, order).await;
    assert_eq!(files.len(), 1);
    files.remove("").unwrap()
}

fn read(files: &Files) -> Package {
    Package::read(|name| files.get(name)).unwrap()
}

fn lines(files: &Files, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

/// What comes of a package in an empty database of each kind there is.
async fn loaded_elsewhere(package: &Package, formats: &[Format]) -> Vec<Vec<Files>> {
    let mut all_files = Vec::new();
    let (store, _folder) = sqlite().await;
    let elsewhere = postgres::database().await;
    let (other, fresh) =
        elsewhere.map_or((None, None), |(store, fresh)| (Some(store), Some(fresh)));
    for store in [Some(store), other].into_iter().flatten() {
        store.database.migrate().await.unwrap();
        assert!(package.load_into_empty(&store.database, now()).await.unwrap());
        let mut found = Vec::new();
        for format in formats {
            found.push(files(&store.database, all(*format)).await.0);
        }
        all_files.push(found);
        store.database.close().await.unwrap();
    }
    if let Some(fresh) = fresh {
        fresh.drop().await;
    }
    all_files
}

/// Exported, loaded and exported again, the package is the same, and so is each of its forms.
async fn assert_round_trip(store: &Store) -> Files {
    let mut wanted = Vec::new();
    for format in Format::VARIANTS {
        wanted.push(files(&store.database, all(*format)).await.0);
    }
    let first = wanted[0].clone();
    for again in loaded_elsewhere(&read(&first), Format::VARIANTS).await {
        for (name, bytes) in &first {
            let was = String::from_utf8_lossy(bytes);
            assert_eq!(String::from_utf8_lossy(&again[0][name]), was, "{name}");
        }
        for ((format, wanted), again) in Format::VARIANTS.iter().zip(&wanted).zip(again) {
            assert!(again == *wanted, "{format:?}");
        }
    }
    first
}

/// Rows of a file as sets of name and text, whatever their order and that of the columns.
fn rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let mut rows: Vec<BTreeMap<String, String>> =
        reader.deserialize().map(Result::unwrap).collect();
    rows.sort();
    rows
}

/// Data that nobody would make on purpose.
fn hostile() -> Package {
    let descriptor = json!({
        "name": "hostile", "title": "عنوان, \"مقتبس\"", "languages": ["ar"], "version": "v1; draft",
        "licenses": [{ "name": "CC0-1.0" }],
        "translations": { "zh-Hant": { "title": "標題" }, "qaa-x-odd": { "description": "line\nline" } },
        "resources": hutong::record::TABLES.iter()
            .map(|name| json!({ "name": name, "path": format!("{name}.csv") })).collect::<Vec<_>>(),
    });
    let file = |name: &str| {
        match name {
        "datapackage.json" => Some(descriptor.to_string()),
        "source.csv" => Some("slug,title_en,title_qaa-x-odd,note_en,url,published_on,date_basis,language\n\
            paper,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",,\"one\r\ntwo\rthree\nfour\",http://x/?a=1,2026-01-27,INFERRED,zh-Hant\n\
            another,\u{feff}marked,odd,,,,,\n".to_owned()),
        "unit.csv" => Some("slug,symbol,name_en,dimension,factor\n\
            yuan,\"¥, \"\"CNY\"\"\",yuan,CURRENCY,1\nflops,PFLOPS,petaflops,COMPUTING_POWER,1000000000000000\n\
            share,%,percent,RATIO,0.01\n".to_owned()),
        // Wider ones come later, by the alphabet and in the file.
        "theme.csv" => Some("slug,parent,name_ar\na-leaf,b-branch,ورقة\nb-branch,c-root,غصن\nc-root,,جذر\n".to_owned()),
        "district.csv" => Some("slug,kind,parent,name_en,name_zh-Hant,code,partition,latitude,longitude,geometry\n\
            alley,DISTRICT,zone,'Alley 🏮,胡同,110108,false,-0.000001,116.3,\n\
            zone,ECONOMIC_ZONE,whole,@zone,,,true,,,\"{\"\"coordinates\"\": [[[116.5, 39.9], [116.6, 39.9], [116.6, 40.0], [116.5, 39.9]]], \"\"type\"\": \"\"Polygon\"\"}\"\n\
            whole,REGION,,\" \",,001,true,90,-180,\n".to_owned()),
        "organization.csv" => Some("slug,kind,name_en,district\nfirm,COMPANY,\"-2+3\t\",alley\n".to_owned()),
        "initiative.csv" => Some("slug,district,theme,kind,status,title_en,title_ar,summary_en,started_on,ended_on,source,locator\n\
            works,alley,a-leaf,PROJECT,ONGOING,+1,,,2025,2025-06-30,paper,\"p. 1; \"\"x\"\"\"\n\
            bare,whole,,EVENT,PLANNED,,يوم,,2025-Q1,,,\n".to_owned()),
        "initiative_organization.csv" => Some("initiative,organization,role\nworks,firm,OWNER\nworks,firm,HOST\n".to_owned()),
        "metric.csv" => Some("slug,name_en,description_en,unit,theme,measure,base,aggregation,accumulation,direction,decimals\n\
            a-growth,growth,,share,,GROWTH,z-base,NONE,,HIGHER_IS_BETTER,1\n\
            z-base,base,\"what, exactly\",yuan,c-root,LEVEL,,SUM,FLOW,NEUTRAL,0\n".to_owned()),
        "initiative_metric.csv" => Some("initiative,metric,basis,note_qaa-x-odd\nworks,z-base,STATED,\nworks,a-growth,CONTEXT,nota\n".to_owned()),
        "observation.csv" => Some("slug,metric,district,initiative,period,reference_date,value,decimals,multiplier,comparator,status,price_basis,unit_as_printed,note_en,note_zh-Hant,source,locator,published_on\n\
            ,z-base,zone,,2025,,2400000000000,1,12,MORE_THAN,NORMAL,CURRENT,萬億,\"a, \"\"b\"\"\",,paper,,2026-01-27\n\
            ,z-base,alley,,2025,,0,0,0,EQUAL,NORMAL,,,,,paper,,\n\
            ,z-base,alley,works,2025,2025-12-31,-0.00000001,8,0,ABOUT,ESTIMATED,CONSTANT,,,\"行一\n行二\",another,=1+1,\n\
            named,z-base,alley,,2021/2025,,,0,0,EQUAL,MISSING,,,,,paper,,\n\
            ,z-base,alley,,2025-W05,,999999999999999,0,0,NEARLY,PROVISIONAL,,,,,paper,,\n\
            ,z-base,alley,,2025-01-30/2025-02-02,,100000000000000000000,0,-2,AT_LEAST,BREAK,,,,,paper,,\n\
            ,a-growth,whole,,2025-S1,,,0,0,EQUAL,SUPPRESSED,,,,,paper,,\n\
            ,a-growth,whole,,2024-S2,,8.75,3,0,AT_MOST,UNRELIABLE,,,,,paper,,\n".to_owned()),
        "claim.csv" => Some("slug,initiative,observation,kind,statement_en,scope,position,period,source,locator\n\
            about-nameless,,z-base alley works 2025,RANK,first,whole,1,2021/2025,paper,x\n\
            about-range,,z-base alley 2025-01-30/2025-02-02,RECORD,most,,,,,\n\
            about-named,,named,FIRST,\"first, ever\",,,,,\n\
            about-works,works,,ASPIRATION,?,,,,,\n".to_owned()),
        _ => None,
    }
    };
    Package::read(file).unwrap()
}

async fn hold(store: &Store, package: &Package) {
    store.database.migrate().await.unwrap();
    assert!(package.load_into_empty(&store.database, now()).await.unwrap());
}

on_each_database! {
    async fn the_bundled_package_comes_back(store: &Store) {
        hold(store, &bundled::package().unwrap()).await;
        let files = assert_round_trip(store).await;
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/beijing-digital-economy-2025");
        let given = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
        for name in files.keys().filter(|name| name.ends_with(".csv")) {
            assert_eq!(rows(&files[name]), rows(&given(name)), "{name}");
        }
        // The columns stand as they do there, but that languages go by their tags.
        let names = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().lines().next().unwrap().to_owned();
        let in_order = names(&given("observation.csv")).replace("note_zh,note_ar", "note_ar,note_zh");
        assert_eq!(names(&files["observation.csv"]), in_order);
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let (told, given) = (json(&files["datapackage.json"]), json(&given("datapackage.json")));
        for name in ["$schema", "name", "title", "description", "version", "translations"] {
            assert_eq!(told[name], given[name], "{name}");
        }
        assert_eq!(told["languages"], json!(["en", "ar", "zh"]));
        assert_eq!(told["licenses"], json!([{ "name": "CC-BY-4.0" }]));
        let resources = |json: &Value| -> Vec<Value> { json["resources"].as_array().unwrap().clone() };
        for (told, given) in resources(&told).iter().zip(resources(&given)) {
            for name in ["name", "path", "title", "type", "format", "mediatype", "encoding"] {
                assert_eq!(told[name], given[name]);
            }
            assert_eq!(told["schema"]["foreignKeys"], given["schema"]["foreignKeys"]);
            let types = |json: &Value| -> BTreeMap<String, Value> {
                let fields = json["schema"]["fields"].as_array().unwrap().iter();
                fields.map(|field| (field["name"].as_str().unwrap().to_owned(), field["type"].clone())).collect()
            };
            assert_eq!(types(told), types(&given));
        }
    }

    async fn a_hostile_package_comes_back(store: &Store) {
        hold(store, &hostile()).await;
        let files = assert_round_trip(store).await;
        let told: Value = serde_json::from_slice(&files["datapackage.json"]).unwrap();
        assert_eq!(told["title"], "عنوان, \"مقتبس\"");
        assert_eq!(told["version"], "v1; draft");
        assert_eq!(told["languages"], json!(["ar", "en", "qaa-x-odd", "zh-Hant"]));
        assert_eq!(told["translations"], json!({
            "qaa-x-odd": { "description": "line\nline" }, "zh-Hant": { "title": "標題" },
        }));
        assert_eq!(told.get("description"), None);
        // Claims about figures without slugs refer to no column of slugs.
        let claim = told["resources"].as_array().unwrap().iter().find(|one| one["name"] == "claim").unwrap();
        assert_eq!(claim["schema"]["foreignKeys"].as_array().unwrap().len(), 3);
        assert_eq!(lines(&files, "claim.csv"), "slug,initiative,observation,kind,statement_en,scope,position,period,source,locator\n\
            about-named,,named,FIRST,\"first, ever\",,,,,\n\
            about-nameless,,z-base alley works 2025,RANK,first,whole,1,2021/2025,paper,x\n\
            about-range,,z-base alley 2025-01-30/2025-02-02,RECORD,most,,,,,\n\
            about-works,works,,ASPIRATION,?,,,,,\n");
        assert_eq!(lines(&files, "source.csv"), "slug,title_en,title_qaa-x-odd,publisher,language,published_on,date_basis,url,licence,note_en\n\
            another,\u{feff}marked,odd,,,,,,,\n\
            paper,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",,,zh-Hant,2026-01-27,INFERRED,http://x/?a=1,,\"one\r\ntwo\rthree\nfour\"\n");
        assert_eq!(lines(&files, "district.csv"), "slug,kind,parent,name_en,name_zh-Hant,code,partition,latitude,longitude,geometry\n\
            alley,DISTRICT,zone,'Alley 🏮,胡同,110108,false,-0.000001,116.3,\n\
            whole,REGION,, ,,001,true,90,-180,\n\
            zone,ECONOMIC_ZONE,whole,@zone,,,true,,,\"{\"\"type\"\":\"\"Polygon\"\",\"\"coordinates\"\":[[[116.5,39.9],[116.6,39.9],[116.6,40.0],[116.5,39.9]]]}\"\n");
        assert_eq!(lines(&files, "observation.csv"), "slug,metric,district,initiative,period,reference_date,value,decimals,multiplier,comparator,status,price_basis,unit_as_printed,note_en,note_zh-Hant,source,locator,published_on\n\
            ,a-growth,whole,,2024-S2,,8.75,3,0,AT_MOST,UNRELIABLE,,,,,paper,,\n\
            ,a-growth,whole,,2025-S1,,,0,0,EQUAL,SUPPRESSED,,,,,paper,,\n\
            named,z-base,alley,,2021/2025,,,0,0,EQUAL,MISSING,,,,,paper,,\n\
            ,z-base,alley,,2025,,0,0,0,EQUAL,NORMAL,,,,,paper,,\n\
            ,z-base,alley,works,2025,2025-12-31,-0.00000001,8,0,ABOUT,ESTIMATED,CONSTANT,,,\"行一\n行二\",another,=1+1,\n\
            ,z-base,zone,,2025,,2400000000000,1,12,MORE_THAN,NORMAL,CURRENT,萬億,\"a, \"\"b\"\"\",,paper,,2026-01-27\n\
            ,z-base,alley,,2025-W05,,999999999999999,0,0,NEARLY,PROVISIONAL,,,,,paper,,\n\
            ,z-base,alley,,2025-01-30/2025-02-02,,100000000000000000000,0,-2,AT_LEAST,BREAK,,,,,paper,,\n");
        assert_eq!(lines(&files, "theme.csv"), "slug,parent,name_ar\na-leaf,b-branch,ورقة\nb-branch,c-root,غصن\nc-root,,جذر\n");
        assert_eq!(lines(&files, "initiative_organization.csv"), "initiative,organization,role\nworks,firm,HOST\nworks,firm,OWNER\n");
    }

    /// An archive holds the same files, in their order, and tells nothing of when it was made.
    async fn an_archive_holds_the_same(store: &Store) {
        hold(store, &hostile()).await;
        let (folder, _) = files(&store.database, all(Format::Folder)).await;
        let bytes = file(&store.database, all(Format::Zip)).await;
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let names: Vec<String> = (0..archive.len()).map(|at| archive.by_index(at).unwrap().name().unwrap().into_owned()).collect();
        let tables = hutong::record::TABLES.iter().map(|name| format!("{name}.csv"));
        assert_eq!(names, ["datapackage.json".to_owned()].into_iter().chain(tables).collect::<Vec<_>>());
        for name in names {
            let mut entry = archive.by_name(&name).unwrap();
            assert_eq!(entry.last_modified().unwrap(), zip::DateTime::DEFAULT);
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, folder[&name], "{name}");
        }
    }

    /// Of figures that are not exported nothing is claimed.
    async fn a_filter_takes_claims_with_it(store: &Store) {
        hold(store, &hostile()).await;
        let figures: ObservationFilter = {
            use async_graphql::InputType;
            let value = async_graphql::Value::from_json(json!({ "initiative": {} })).unwrap();
            ObservationFilter::parse(Some(value)).map_err(|_| ()).unwrap()
        };
        let order = Order { figures: Some(figures), ..all(Format::Folder) };
        let (files, summary) = files(&store.database, order).await;
        assert_eq!(summary, Summary { rows: 1, claims_left_out: 2, without_geometry: 0 });
        assert_eq!(rows(&files["observation.csv"]).len(), 1);
        let claims: Vec<String> = rows(&files["claim.csv"]).into_iter().map(|row| row["slug"].clone()).collect();
        assert_eq!(claims, ["about-nameless", "about-works"]);
        assert!(loaded_elsewhere(&read(&files), &[Format::Folder]).await.iter().all(|again| again[0] == files));
    }

    async fn the_panel_comes_back(store: &Store) {
        hold(store, &panel::package()).await;
        let (first, summary) = files(&store.database, all(Format::Folder)).await;
        assert_eq!(summary.rows as usize, rows(&first["observation.csv"]).len());
        for again in loaded_elsewhere(&read(&first), &[Format::Folder]).await {
            assert!(again[0] == first);
        }
    }

    /// A claim names a figure without a slug by what it is of, in a file and in a mutation alike; a
    /// wrong name is refused as an unknown slug is.
    async fn a_figure_is_named_by_what_it_is_of(server: &Server) {
        let store = &server.store;
        store.write("observation", "metric,district,period,value,source\n\
            5g-base-stations,haidian,2024,7,beijing-daily-2026-01-27").await;
        store.write("claim", "slug,observation,kind,statement_en\n\
            mine,5g-base-stations haidian 2024,RECORD,Many").await;
        let found = server.data("{ claim(slug: \"mine\") { observation { value district { slug } } } }").await;
        assert_eq!(found["claim"]["observation"], json!({ "value": "7", "district": { "slug": "haidian" } }));
        for wrong in ["5g-base-stations haidian 2023", "5g-base-stations nowhere 2024", "5g-base-stations haidian never", "a b", "a b c d e"] {
            let mut writer = hutong::record::Writer::begin(&store.database, now(), hutong::record::By::operator("a test")).await.unwrap();
            let rows = hutong::record::Rows {
                origin: "claim.csv".to_owned(),
                columns: ["slug", "observation", "kind", "statement_en"].map(str::to_owned).to_vec(),
                rows: vec![(2, ["other", wrong, "RECORD", "x"].map(str::to_owned).to_vec())],
            };
            writer.write("claim", &rows).await.unwrap();
            let error = writer.commit().await.unwrap_err().to_string();
            assert_eq!(error, format!("claim.csv, line 2, column observation: \"{wrong}\": there is no such observation"));
        }
    }
}
