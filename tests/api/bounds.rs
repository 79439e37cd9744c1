//! Work and memory grow with what is sent and with what is read, never with a product of the two.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use hutong::{
    access::Role,
    error::Error,
    record::{By, Problems, Rows, Writer},
};
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    server::{Answer, now},
    sums::town,
};

/// How often as long four times as much may take. What grows with the square takes 16 times as
/// long; machines are busy with other things too.
const AT_MOST: f64 = 8.0;

/// How often something is tried, for machines are busy with other things now and then.
const TRIES: usize = 4;

/// How long something takes, of some tries the shortest.
async fn time<F: Future>(mut work: impl FnMut() -> F) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        let begun = Instant::now();
        work().await;
        best = best.min(begun.elapsed());
    }
    best
}

#[track_caller]
fn is_in_proportion(some: Duration, four_times: Duration) {
    let ratio = four_times.as_secs_f64() / some.as_secs_f64();
    assert!(ratio < AT_MOST, "{four_times:?} is {ratio} times {some:?}");
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + Days::new(number)
}

/// Daily figures: the columns that are given after those of every figure.
fn figures(days: u64, columns: &str, each: impl Fn(u64) -> Vec<String>) -> Rows {
    let columns = format!("metric,district,source,period{columns}");
    let columns = columns.split(',').map(str::to_owned).collect();
    let mut rows = Vec::new();
    for number in 0..days {
        let fixed = ["sales", "north", "town-book", &day(number).to_string()].map(str::to_owned);
        for rest in each(number) {
            let fields = fixed.iter().cloned().chain(rest.split(',').map(str::to_owned)).collect();
            rows.push((rows.len() as u64 + 2, fields));
        }
    }
    Rows { origin: "figures.csv".to_owned(), columns, rows }
}

/// What becomes of figures, of which nothing is kept.
async fn checked(server: &Server, rows: &Rows) -> Result<[u64; 2], Problems> {
    let by = By::operator("a test");
    let mut writer = Writer::begin(&server.store.database, now(), by).await.unwrap();
    writer.write("observation", rows).await.unwrap();
    match writer.settle().await.map(drop) {
        Ok(()) => {
            let counts = writer.counts("observation");
            Ok([counts.created, counts.unchanged])
        }
        Err(Error::Rejected(problems)) => Err((*problems).clone()),
        Err(other) => panic!("{other:?}"),
    }
}

/// The series of a metric with so many points, and a field of the last.
async fn series(server: &Server, field: &str) -> Value {
    let points = format!("{{ points {{ last: {field} }} }}");
    let query = format!("{{ metric(slug: \"sales\") {{ series(district: \"north\") {points} }} }}");
    let data = server.data(&query).await;
    data["metric"]["series"]["points"].as_array().unwrap().last().unwrap()["last"].clone()
}

on_each_database! {
    /// Rows that stand twice are found without comparing each with all others that do.
    async fn figures_that_are_given_twice(server: &Server) {
        town(server).await;
        let equal = |days| figures(days, ",value", |_| vec!["5".to_owned(); 2]);
        let (some, more) = (equal(1500), equal(6000));
        assert_eq!(checked(server, &some).await.unwrap(), [1500, 1500]);
        is_in_proportion(
            time(|| checked(server, &some)).await,
            time(|| checked(server, &more)).await,
        );
    }

    /// Nor are those that contradict each other; the first of them are told.
    async fn figures_that_contradict_each_other(server: &Server) {
        town(server).await;
        let unlike = |days| figures(days, ",value", |_| vec!["5".to_owned(), "6".to_owned()]);
        let (some, more) = (unlike(1500), unlike(6000));
        let problems = checked(server, &some).await.unwrap_err();
        assert_eq!((problems.count, problems.told.len()), (1500, 100));
        assert_eq!(
            problems.told[1].to_string(),
            "figures.csv, line 5: line 4 says otherwise of the same figure"
        );
        is_in_proportion(
            time(|| checked(server, &some)).await,
            time(|| checked(server, &more)).await,
        );
    }

    /// Nor are slugs that several have.
    async fn slugs_that_are_given_twice(server: &Server) {
        town(server).await;
        let twice = |days| figures(days, ",value,slug", move |at| vec![format!("5,s{}", at / 2)]);
        let (some, more) = (twice(3000), twice(12_000));
        let problems = checked(server, &some).await.unwrap_err();
        assert_eq!((problems.count, problems.told.len()), (1500, 100));
        assert_eq!(
            problems.told[0].to_string(),
            "figures.csv, line 3, column slug: \"s0\": another figure has it; slugs are unique"
        );
        is_in_proportion(
            time(|| checked(server, &some)).await,
            time(|| checked(server, &more)).await,
        );
    }

    /// A word that no row is called is cut where it is told, however long it is and however often;
    /// nothing is compared with it, and nothing more is read.
    async fn a_slug_as_long_as_a_book(server: &Server) {
        let fields: String = (0..45).map(|at| format!("m{at}: metric(slug: $s) {{ id }} \
            c{at}: compare(metrics: [$s], districts: [$s]) {{ rows {{ period {{ code }} }} }} ")).collect();
        let query = format!("query ($s: String!) {{ {fields} }}");
        let long = "beijin-".repeat(130_000);
        let answer = server.ask_with(&query, json!({ "s": long })).await;
        assert_eq!(answer.statements, Some(0));
        assert!(answer.text.len() < 20_000, "{}", answer.text.len());
        let one = "query ($s: String!) { compare(metrics: [$s], districts: [$s]) { rows { period { code } } } }";
        let (message, code, _) = server.ask_with(one, json!({ "s": long })).await.error();
        let start = &long[..80];
        assert_eq!(message, format!("`metrics[0]` is \"{start}\"…, but no metric has this slug; `metrics` lists them"));
        assert_eq!(code, "BAD_USER_INPUT");
    }

    /// Whatever is too long to be right is cut in what is said of it.
    async fn messages_quote_no_more_than_the_beginning(server: &Server) {
        let token = server.token(Role::Editor).await;
        let long = "x".repeat(300_000);
        for (query, variables) in [
            ("query ($s: Period!) { metrics { nodes { series(district: \"beijing\", from: $s) { frequency } } } }", json!({"s": long})),
            ("query ($s: Period!) { metrics { nodes { series(district: \"beijing\", from: $s) { frequency } } } }", json!({"s": [long]})),
            ("query ($s: String!) { districts(after: $s) { totalCount } }", json!({"s": long})),
            ("query ($s: ID!) { node(id: $s) { id } }", json!({"s": long})),
            ("query ($s: [String!]!) { compare(metrics: $s, districts: [\"beijing\"]) { rows { period { code } } } }", json!({"s": [long, long]})),
            ("query ($s: Language!) { districts { nodes { name(language: $s) } } }", json!({"s": long})),
            ("query ($s: DateTime!) { compare(metrics: [\"m\"], districts: [\"d\"], asOf: $s) { rows { period { code } } } }", json!({"s": long})),
            ("query ($s: [DistrictOrder!]) { districts(orderBy: $s) { totalCount } }", json!({"s": [{"by": long}]})),
            ("query ($s: DistrictFilter) { districts(filter: $s) { totalCount } }", json!({"s": {long.as_str(): 1}})),
            ("mutation ($s: String!) { createTheme(input: {slug: $s, name: [{language: \"en\", text: \"A\"}]}) { id } }", json!({"s": long})),
            ("mutation ($s: ID!) { deleteTheme(id: $s) { id } }", json!({"s": long})),
        ] {
            let post = server.client().post(server.url("/graphql")).bearer_auth(&token);
            let answer = post.json(&json!({ "query": query, "variables": variables })).send().await.unwrap();
            let answer = Answer::read(answer).await;
            assert!(answer.text.contains("\"errors\""), "{query}: {:.300}", answer.text);
            assert!(answer.text.len() < 6_000, "{query}: {} bytes: {:.300}", answer.text.len(), answer.text);
        }
        let short = &long[..5_000];
        for path in [format!("/{short}"), format!("/export/{short}.csv"), format!("/graphql?query=%7Ba%7D&format={short}"),
            format!("/export/observations.csv?filter={short}"), format!("/export/observations.csv?{short}=1"),
            format!("/graphql?query=%7Ba%7D&variables=%22{short}%22")] {
            let answer = Answer::read(server.client().get(server.url(&path)).send().await.unwrap()).await;
            assert!((400..500).contains(&answer.status), "{:.100}: {}", path, answer.status);
            assert!(answer.text.len() < 1_500, "{:.100}: {} bytes: {:.300}", path, answer.text.len(), answer.text);
        }
    }

    /// The sum of all points up to each takes one pass, and so does the mean of many.
    async fn sums_along_a_series(server: &Server) {
        let server = Server::over(
            crate::server::Store { database: server.store.database.clone(), url: server.store.url.clone() },
            &["--page-max=20000", "--cost-max=100000000", "--request-timeout=300"],
        ).await;
        town(&server).await;
        async fn timed(server: &Server, days: u64) -> Duration {
            let rows = figures(days, ",value", |_| vec!["1.5".to_owned()]);
            let mut writer = Writer::begin(&server.store.database, now(), By::operator("a test")).await.unwrap();
            writer.write("observation", &rows).await.unwrap();
            writer.commit().await.unwrap();
            let field = format!("cumulative {{ value }} mean: movingAverage(over: {}) {{ value }}", days / 2);
            assert_eq!(series(server, &field).await, json!({"value": format!("{}", days * 3 / 2)}));
            time(|| series(server, &field)).await
        }
        let some = timed(&server, 1500).await;
        let more = timed(&server, 6000).await;
        is_in_proportion(some, more);
    }

    /// Questions that are all different fill the caches as far as they may be filled, and no
    /// further; what they may hold is told.
    async fn caches_hold_no_more_than_they_may(server: &Server) {
        let server = Server::over(
            crate::server::Store { database: server.store.database.clone(), url: server.store.url.clone() },
            &["--result-cache=200000", "--document-cache=300000", "--persisted-queries=100000"],
        ).await;
        for number in 0..400 {
            let query = format!("query Q{number} {{ a{number}: districts(first: {}) {{ totalCount \
                nodes {{ slug name }} }} }}", 1 + number % 20);
            let hash = hash(&query);
            let body = json!({"query": query, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}});
            let answer = server.client().post(server.url("/graphql")).json(&body).send().await.unwrap();
            Answer::read(answer).await.data();
            server.ask(&format!("{{ unknown{number} }}")).await.error();
        }
        let text = server.client().get(server.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let number = |name: &str, cache: &str| -> u64 {
            let start = format!("hutong_{name}{{cache=\"{cache}\"}} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&start));
            line.unwrap_or_else(|| panic!("{start} in {text}")).parse().unwrap()
        };
        for (cache, limit) in [("answers", 200_000), ("documents", 300_000), ("persisted_documents", 100_000)] {
            assert_eq!(number("cache_limit_bytes", cache), limit);
            let held = number("cache_bytes", cache);
            assert!(held > limit / 2 && held <= limit, "{cache}: {held} of {limit}");
        }
        assert!(number("cache_bytes", "statements") <= number("cache_limit_bytes", "statements"));
    }
}

fn hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("{:x}", Sha256::digest(text))
}
