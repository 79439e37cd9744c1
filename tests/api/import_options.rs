//! Options of an import: each is applied, or refused with what is meant.

use hutong::access::Role;
use serde_json::json;

use crate::{
    Server,
    imports::{counts, folder, import, import_path, places},
    on_each_database,
    server::Store,
    versions::Hand,
};

const TABLE: &str = "place,year,population\nA,2024,10\nB,2024,20\n";

/// All that is wrong with the import of a table.
async fn refused(store: &Store, table: &str, options: &[&str]) -> Vec<String> {
    import(store, "t.csv", table, options).await.unwrap_err()
}

/// What is said of a row that the import does not make.
fn no_row(option: &str, slug: &str, meant: &str) -> String {
    format!("{option}: the import makes no row with the slug {slug}, and there is none{meant}")
}

on_each_database! {
    /// A typing error in the row or the column of `--set` is told with what is meant.
    async fn a_misspelt_row_is_refused(store: &Store) {
        let set = ["--create-missing", "--set=population.unit=persons"];
        let told = refused(store, TABLE, &[&set[..], &["--set=populaton.direction=HIGHER_IS_BETTER"]].concat()).await;
        assert_eq!(told, [no_row("--set populaton.direction=HIGHER_IS_BETTER", "populaton",
            "; did you mean population?")]);
        // Also where the row cannot be made for that.
        let told = refused(store, TABLE, &["--create-missing", "--set=populaton.unit=persons"]).await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("t.csv, column population: \"population\": the metric is new and has no unit; "), "{told:?}");
        assert_eq!(told[1], no_row("--set populaton.unit=persons", "populaton", "; did you mean population?"));
        let told = refused(store, TABLE, &[&set[..], &["--set=zzz.kind=CITY"]].concat()).await;
        assert_eq!(told, [no_row("--set zzz.kind=CITY", "zzz", "")]);
        // Its slug is meant, not the head of its column.
        let table = TABLE.replace("population", "popTotal");
        let told = refused(store, &table, &["--create-missing", "--set=unit=persons", "--set=popTotal.direction=NEUTRAL"]).await;
        assert_eq!(told, [no_row("--set popTotal.direction=NEUTRAL", "popTotal", "; did you mean pop-total?")]);
        for (option, wanted) in [
            ("district.kinds=CITY", "a district has no such column; did you mean kind?"),
            ("population.unit_mult=3", "a metric has no such column"),
            ("population.slug=people", "a slug is made of a name; say which column or value it is by --map or --set"),
            ("parent.kind=CITY", "no column holds the parent; give --map parent=COLUMN"),
            ("value=5", "it is no field that all rows may have alike"),
            ("metric=population --layout=wide-metrics", "each column with values is a metric here; leave it out, or give another --layout"),
        ] {
            let option = format!("--set={option}");
            let given: Vec<&str> = option.split(' ').collect();
            let told = refused(store, TABLE, &[&set[..], &given].concat()).await;
            let option = given[0].replacen('=', " ", 1);
            let of = |told: &String| told.trim_start_matches("t.csv: ").to_owned();
            assert_eq!(told.iter().map(of).collect::<Vec<_>>(), [format!("{option}: {wanted}")]);
        }
        assert_eq!(places(store).await, Vec::<String>::new());
    }

    /// What a row is that is there already stays: the same may be said of it, and nothing else.
    async fn a_row_that_is_there_stays_as_it_is(store: &Store) {
        let options = ["--create-missing", "--set=population.unit=persons", "--set=population.direction=HIGHER_IS_BETTER",
            "--set=a.kind=CITY", "--set=district.kind=COUNTRY", "--set=persons.name_zh=人"];
        import(store, "t.csv", TABLE, &options).await.unwrap();
        assert_eq!(places(store).await, ["a CITY none none", "b COUNTRY none none"]);
        let again = import(store, "t.csv", TABLE, &options).await.unwrap();
        assert_eq!(counts(&again), [("observation", [0, 0, 0, 2])]);
        for (option, table, column, mutation) in [
            ("population.unit=USD", "metric", "unit", "updateMetric"),
            ("population.direction=NEUTRAL", "metric", "direction", "updateMetric"),
            ("population.theme=water", "metric", "theme", "updateMetric"),
            ("a.kind=COUNTRY", "district", "kind", "updateDistrict"),
            ("persons.name_zh=个", "unit", "name_zh", "updateUnit"),
        ] {
            let (slug, _) = option.split_once('.').unwrap();
            let told = refused(store, TABLE, &["--create-missing", "--set", option]).await;
            assert_eq!(told, [format!(
                "--set {option}: the {table} {slug} is there already, with another {column}, and \
                 --set is about rows that are made; change it by `{mutation}` or by rows of its own \
                 (--table {table}), or leave this out"
            )]);
        }
        // A unit by another of its names.
        store.write("unit", "slug,symbol,name_en\npersons,pers,persons").await;
        let same = ["--create-missing", "--set=population.unit=pers"];
        import(store, "t.csv", TABLE, &same).await.unwrap();
    }

    /// What says the same twice, or of one thing two things.
    async fn contradictions_are_refused(store: &Store) {
        let table = "a,b,year,metric,unit,value\nA,B,2024,heads,persons,1\n";
        let make = ["--create-missing"];
        for (options, wanted) in [
            (&["--map=district=a", "--map=district=b"][..],
             "--map district=b: the district is said to be in another column already, by --map district=a; give one of them"),
            (&["--map=district=a", "--map=source=a", "--ignore=b"],
             "t.csv, column a: it is said to hold two things, by --map district=a and by --map source=a; give one of them"),
            (&["--map=district=a", "--map=source=A", "--ignore=b"],
             "t.csv, column a: it is said to hold two things, by --map district=a and by --map source=A; give one of them"),
            (&["--map=district=a", "--ignore=a", "--ignore=b"],
             "t.csv, column a: it is to be left out by --ignore, and to be read by --map district=a; give one of them"),
            (&["--map=district=a", "--set=district=b", "--ignore=b"],
             "--set district=b: the district is said to be in a column already, by --map district=a; give one of them"),
            (&["--map=district=a", "--set=source=x", "--set=source=y", "--ignore=b"],
             "--set source=y: it is said to be another already, by --set source=x; give one of them"),
            (&["--map=district=a", "--map=distrct.kind=b"],
             "t.csv: a figure has no such field, which --map distrct.kind=b names; did you mean district.code or district.name?"),
            (&["--map=district=a", "--ignore=b", "--ignore=unt"],
             "--ignore unt: no file has such a column; did you mean unit?"),
            // `value` is the figures' here, and so there is no other place for what it holds.
            (&["--map=district=a", "--ignore=b", "--set=structure=x"],
             "--set structure=x: it is no field that all rows may have alike"),
        ] {
            let told = refused(store, table, &[&make[..], options].concat()).await;
            let told: Vec<&str> = told.iter().map(|told| told.strip_prefix("t.csv: --").map_or(told.as_str(), |_| &told[7..])).collect();
            assert_eq!(told, [wanted], "{options:?}");
        }
    }

    /// What is wrong in all rows alike is told once, and not as if the file said it.
    async fn what_is_said_of_all_rows_is_looked_at_once(store: &Store) {
        let table = "place,year,value\nA,2024,1\nB,2024,2\nC,2024,3\n";
        let make = ["--create-missing", "--set=metric=m", "--set=unit=persons"];
        for (option, wanted) in [
            ("unit_mult=six", "it is no power of ten up to 30"),
            ("status=SURE", "unknown variant `SURE`, expected one of `NORMAL`, "),
            ("comparator=SAME", "unknown variant `SAME`, expected one of `EQUAL`, "),
            ("decimals=two", "it is no whole number"),
            ("published_on=soon", "it is no day of the calendar like 2026-01-27"),
            ("initiative=mil", "there is no initiative with this slug, code or name; did you mean mill?"),
            ("action=X", "there is no such action; there are I, A, M, R and D"),
            ("language=x!", "it is no tag of a language, such as zh or pt-BR"),
            ("source=", "it says nothing; write a value behind it, or leave it out"),
            ("district.kind=TOWN", "unknown variant `TOWN`, expected one of `WORLD`, "),
            ("m.direction=UP", "unknown variant `UP`, expected one of `HIGHER_IS_BETTER`, "),
        ] {
            if option.starts_with("initiative") {
                store.write("district", "slug,kind,name_en,partition\nport,CITY,Port,true").await;
                store.write("initiative", "slug,district,kind,status,title_en\nmill,port,FACILITY,ONGOING,Mill").await;
            }
            let set = format!("--set={option}");
            let told = refused(store, table, &[&make[..], &[&set]].concat()).await;
            assert_eq!(told.len(), 1, "{told:?}");
            let said = told[0].strip_prefix("t.csv: ").unwrap_or(&told[0]);
            assert!(said.starts_with(&format!("--set {option}: {wanted}")), "{said}");
        }
        let make = ["--create-missing", "--set=metric=m", "--set=unit=persons", "--set=period=soon"];
        let told = refused(store, "place,value\nA,1\nB,2\n", &make).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("t.csv: --set period=soon: \"soon\" is no period; "), "{told:?}");
    }

    /// Options without a meaning for what is read.
    async fn options_without_a_meaning_are_refused(store: &Store) {
        let table = "slug,kind,name_en,partition\ntown,CITY,Town,true\n";
        for option in ["--map=district=slug", "--set=kind=CITY", "--layout=long", "--create-missing", "--frequency=month",
            "--date-order=dmy", "--decimal=.", "--digits=15", "--missing=x", "--keep-missing"] {
            let told = refused(store, table, &["--table=district", option]).await;
            let option = option.replacen('=', " ", 1);
            assert_eq!(told, [format!("{option}: it is about figures, and --table district says that \
                the file holds rows of that table, column by column; leave one of them out")]);
        }
        let make = ["--create-missing", "--set=population.unit=persons"];
        let told = refused(store, TABLE, &[&make[..], &["--resource=x"]].concat()).await;
        assert_eq!(told, ["--resource x: it is about packages, and none is read; leave it out"]);
        let objects = "[{\"place\": \"A\", \"year\": 2024, \"population\": 1}]";
        for option in ["--delimiter=;", "--skip-lines=2"] {
            let told = import(store, "t.json", objects, &[&make[..], &[option]].concat()).await.unwrap_err();
            let option = option.replacen('=', " ", 1);
            assert_eq!(told, [format!("{option}: it is about tables as delimited text, and none is read; leave it out")]);
        }
        for option in ["--set=language=zh", "--set=district.kind=CITY"] {
            let told = refused(store, "place,year,value\n", &["--set=source=s", "--set=metric=m", option]).await;
            let option = option.replacen('=', " ", 1);
            assert_eq!(told[0], format!("{option}: it says what rows are like that are made, and \
                without --create-missing none is; give that, or leave this out"));
        }
        let package = br#"{"name": "p", "resources": [{"name": "district", "path": "d.csv"}]}"#;
        let files = folder(&[("p/datapackage.json", package), ("p/d.csv", table.as_bytes())]);
        for option in ["--set=metric=m", "--map=district=slug", "--frequency=month"] {
            let told = import_path(store, &files.path().join("p"), &[option]).await.unwrap_err();
            let option = option.replacen('=', " ", 1);
            assert_eq!(told, [format!("{option}: it is about figures, and no table of figures in a form \
                of its own is read; leave it out")]);
        }
        let told = import_path(store, &files.path().join("p"), &["--table=metric"]).await.unwrap_err();
        assert_eq!(told, ["--table metric: each resource of the package is a table by its own name; leave it out"]);
        assert_eq!(places(store).await, Vec::<String>::new());
        import_path(store, &files.path().join("p"), &["--encoding=utf-8", "--delimiter=,", "--ignore=partition", "--resource=district"])
            .await.unwrap_err();
        import_path(store, &files.path().join("p"), &["--encoding=utf-8", "--delimiter=,", "--resource=district"]).await.unwrap();
    }

    /// So it is with what is sent: arguments that would be dropped are refused.
    async fn arguments_without_a_meaning_are_refused(server: &Server) {
        let token = server.token(Role::Editor).await;
        let figure = r#"{metric: "5g-base-stations", district: "beijing", period: "2020", value: "1", source: "beijing-daily-2026-01-27"}"#;
        for (argument, name) in [("options: {decimal: \",\"}", "options"), ("id: \"mine\"", "id")] {
            let query = format!("mutation {{ importObservations(rows: [{figure}], {argument}, dryRun: true) {{ written }} }}");
            let (message, code, _) = server.ask_as(&token, &query).await.error();
            assert_eq!(message, format!("`{name}` is about a file; leave it out with `rows`"));
            assert_eq!(code, "BAD_USER_INPUT");
        }
        let query = format!("mutation {{ importObservations(rows: [{figure}], options: {{}}, dryRun: true) {{ written }} }}");
        assert_eq!(server.ask_as(&token, &query).await.data(), json!({ "importObservations": { "written": false } }));
    }

    /// The unit that a column says is not passed over where an option says another.
    async fn a_unit_of_the_file_is_not_passed_over(store: &Store) {
        let table = "place,year,metric,unit,value\nA,2024,heads,thousand,1\n";
        let options = ["--create-missing", "--set=heads.unit=persons", "--set=thousand.dimension=COUNT"];
        let told = refused(store, table, &options).await;
        assert_eq!(told[0], "t.csv, line 2, column unit: \"thousand\": the metric heads is measured in persons; convert \
            the figures, or leave the column out by --ignore if it says the same in other words");
        // An option for one row goes before that for all.
        let table = "place,year,heads,income\nA,2024,1,2\n";
        let options = ["--create-missing", "--set=unit=persons", "--set=income.unit=USD"];
        import(store, "t.csv", table, &options).await.unwrap();
        let again = import(store, "t.csv", table, &options).await.unwrap();
        assert_eq!(counts(&again), [("observation", [0, 0, 0, 2])]);
        let hand = Hand::on(store).await;
        let units = "SELECT m.slug || ' ' || u.slug FROM metric m JOIN unit u ON u.id = m.unit_id ORDER BY 1";
        assert_eq!(hand.texts(units).await, ["heads persons", "income usd"]);
    }
}
