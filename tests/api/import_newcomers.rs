//! What `--create-missing` makes: how it is called, and how what cannot be made is told.

use crate::{
    imports::{counts, import},
    on_each_database,
    server::Store,
    versions::Hand,
};

/// The English names of the metrics, a line each: slug and name.
async fn names(store: &Store) -> Vec<String> {
    let sql = "SELECT slug || ': ' || (name ->> 'en') FROM metric ORDER BY slug";
    Hand::on(store).await.texts(sql).await
}

/// Figures in units that are new, some of which nobody knows.
const NEW_UNITS: &str = "place,year,indicator,unit,value\n\
                             A,2024,heat,kWh,1\nB,2024,heat,kWh,2\nA,2024,cold,kWh,3\n\
                             A,2024,size,ha,4\nB,2024,size,ha,5\nC,2024,heads,persons,6\n";

on_each_database! {
    /// A metric has the name that its cell gives it, never that of the column or the field.
    async fn a_metric_is_named_after_its_cell(store: &Store) {
        let table = "Country,Year,Indicator,Value\nA,2024,gdp,1\nA,2024,life-expectancy,2\n\
                     A,2024,GDP per head,3\n";
        let options = ["--create-missing", "--set=unit=USD"];
        import(store, "t.csv", table, &options).await.unwrap();
        let table = "place,year,value\nA,2024,1\n";
        let options = ["--create-missing", "--set=metric=people-in-work", "--set=unit=persons"];
        import(store, "u.csv", table, &options).await.unwrap();
        // A column that is mapped to a slug keeps its head.
        let table = "place,year,Residents\nA,2024,1\n";
        let options = ["--create-missing", "--map=residents=Residents", "--set=unit=persons"];
        import(store, "v.csv", table, &options).await.unwrap();
        assert_eq!(
            names(store).await,
            [
                "gdp: gdp",
                "gdp-per-head: GDP per head",
                "life-expectancy: life expectancy",
                "people-in-work: people in work",
                "residents: Residents",
            ]
        );
    }

    /// What cannot be made is told once, with how many rows have it.
    async fn a_new_unit_is_told_once(store: &Store) {
        let told = import(store, "t.csv", NEW_UNITS, &["--create-missing"]).await.unwrap_err();
        let says = |line: u32, unit: &str, slug: &str, rows: u32| {
            format!(
                "t.csv, line {line}, column unit: {unit:?}: the unit is new, and it is not known \
                 what it measures; say so by --set {slug}.dimension=COUNT, or CURRENCY, RATIO, \
                 LENGTH, TIME, COMPUTING_POWER or SCORE (in {rows} rows)"
            )
        };
        assert_eq!(told, [says(2, "kWh", "k-wh", 3), says(5, "ha", "ha", 2)]);
        let options = ["--create-missing", "--set=k-wh.dimension=COUNT", "--set=ha.dimension=COUNT"];
        let done = import(store, "t.csv", NEW_UNITS, &options).await.unwrap();
        assert!(counts(&done).contains(&("unit", [3, 0, 0, 0])), "{:?}", counts(&done));
    }

    /// So is whatever else stands in many rows, of each name by itself.
    async fn an_unknown_name_is_told_once(store: &Store) {
        let table = "place,1960,1961,metric\nA,1,2,heads\nB,1,2,heads\nB,1,2,hands\n";
        let told = import(store, "t.csv", table, &["--create-missing"]).await.unwrap_err();
        let says = |line: u32, metric: &str, rows: &str| {
            format!(
                "t.csv, line {line}, column metric: {metric:?}: the metric is new and has no unit; \
                 say in what it is measured by --set {metric}.unit=UNIT, or by --map \
                 unit=COLUMN{rows}"
            )
        };
        assert_eq!(told, [says(2, "heads", " (in 2 rows)"), says(4, "hands", "")]);
        let table = "place,year,value\nHarbr,2024,1\nPort,2024,2\nHarbr,2025,3\nHarbr,2026,\n";
        store.write("district", "slug,kind,name_en,partition\nharbour,CITY,Harbour,true").await;
        let options = ["--set=metric=heads", "--set=source=t"];
        let told = import(store, "t.csv", table, &options).await.unwrap_err();
        let none = "there is no district with this slug, code or name";
        assert_eq!(told, ["t.csv: --set source=t: there is no source with this slug, code or name"]);
        store.write("source", "slug,title_en\nt,T").await;
        store.write("unit", "slug,symbol,name_en,dimension\nhead,h,Head,COUNT").await;
        store.write("metric", "slug,name_en,unit,measure,aggregation,direction,decimals\nheads,Heads,head,LEVEL,NONE,NEUTRAL,0").await;
        let told = import(store, "t.csv", table, &options).await.unwrap_err();
        assert_eq!(
            told,
            [
                format!("t.csv, line 2, column place: \"Harbr\": {none}; did you mean harbour? (in 3 rows)"),
                format!("t.csv, line 3, column place: \"Port\": {none}"),
            ]
        );
    }

    /// What is absent is said to be, and not quoted.
    async fn what_is_absent_is_not_quoted(store: &Store) {
        let options = ["--create-missing", "--set=unit=persons"];
        for (table, wanted) in [
            ("place,year,metric,value\nA,,heads,1\n",
             "t.csv, line 2, column year: there is none; every figure is of a period"),
            ("place,year,metric,value\n,2024,heads,1\n",
             "t.csv, line 2, column place: there is none; every figure belongs to a district"),
            ("place,year,metric,value\nA,2024,,1\n",
             "t.csv, line 2, column metric: there is none; every figure is one of a metric"),
            ("place,year,metric,value,status\nA,2024,heads,,P\n",
             "t.csv, line 2, column value: there is none, but the status is PROVISIONAL; give a \
              value, or the status MISSING or SUPPRESSED"),
            ("place,year,metric,value,source\nA,2024,heads,1,\n",
             "t.csv, line 2, column source: there is none; every figure is from a source"),
        ] {
            let told = import(store, "t.csv", table, &options).await.unwrap_err();
            assert_eq!(told, [wanted], "{table}");
        }
        // JSON of which an object has no such member.
        let told = import(store, "t.json", "[{\"place\": \"A\", \"year\": 2024, \"heads\": 1}, {\"place\": \"B\", \"heads\": 2}]",
            &options).await.unwrap_err();
        assert_eq!(told, ["t.json, line 1, column year: there is none; every figure is of a period"]);
        for (table, rows, wanted) in [
            ("unit", "slug,symbol,name_en\na,a,A\n", "column dimension: it cannot be left out"),
            ("unit", "slug,symbol,name_en,dimension\na,a,A,\n", "column dimension: it cannot be left out"),
            ("metric", "slug,name_en,unit,measure,aggregation,direction,decimals\na,A,,LEVEL,SUM,NEUTRAL,0\n",
             "column unit: it cannot be left out"),
            ("metric", "slug,name_en,measure,aggregation,direction,decimals\na,A,LEVEL,SUM,NEUTRAL,0\n",
             "column unit: it cannot be left out"),
            ("observation", "district,period,value\n,2024,1\n", "column metric: a figure cannot be without it"),
        ] {
            let told = import(store, "t.csv", rows, &[&format!("--table={table}")]).await.unwrap_err();
            assert_eq!(told, [format!("t.csv, line 2, {wanted}")], "{rows}");
        }
    }
}
