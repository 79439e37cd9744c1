//! Everything that a stranger can ask, and all that the answers tell.

use entity::HIDDEN;

use crate::{
    Server,
    secrecy::{BOOK, STEPS, time},
};

/// Every path there is, each under its name.
fn questions() -> Vec<(String, String)> {
    let figure = "id slug value revision period { code } publishedOn recordedAt supersededAt embargoed changeCursor claims { totalCount nodes { slug } } history { totalCount edges { cursor node { id value revision recordedAt supersededAt } } }";
    let claim = "id slug statement kind position revision scope { slug } source { slug } observation { value }";
    let of = r#"filter: {metric: {slug: {eq: "5g-base-stations"}}}"#;
    let mut all: Vec<(String, String)> = [
        ("dataset", "{ dataset { slug revision changedAt } }".to_owned()),
        ("figures", format!("{{ observations(first: 1000) {{ totalCount edges {{ cursor node {{ {figure} }} }} pageInfo {{ startCursor endCursor hasNextPage }} }} }}")),
        ("figures by value", format!("{{ observations({of}, orderBy: [{{by: VALUE, direction: DESC}}, {{by: REVISION}}, {{by: RECORDED_AT}}]) {{ edges {{ cursor node {{ {figure} }} }} }} }}")),
        ("figures filtered", format!(r#"{{ observations(filter: {{or: [{{value: {{gte: "777000"}}}}, {{note: {{contains: "okapi"}}}}, {{claims: {{some: {{}}}}}}, {{claims: {{count: {{gte: 1}}}}}}]}}) {{ totalCount nodes {{ {figure} }} }} }}"#)),
        ("figures without claims", "{ observations(filter: {claims: {none: {}}}) { totalCount nodes { id } } }".to_owned()),
        ("claims", format!("{{ claims {{ totalCount edges {{ cursor node {{ {claim} }} }} }} }}")),
        ("claims by place", format!("{{ claims(orderBy: [{{by: POSITION, direction: DESC}}, {{by: SCOPE_NAME}}], last: 3) {{ edges {{ cursor node {{ {claim} }} }} pageInfo {{ hasPreviousPage }} }} }}")),
        ("claims filtered", format!(r#"{{ claims(filter: {{or: [{{observation: {{}}}}, {{statement: {{contains: "quokka"}}}}, {{position: {{gte: 4}}}}]}}) {{ totalCount nodes {{ {claim} }} }} }}"#)),
        ("claims of a district", format!(r#"{{ district(slug: "beijing") {{ claims {{ totalCount edges {{ cursor node {{ {claim} }} }} }} }} }}"#)),
        ("claims of a source", format!(r#"{{ source(slug: "{BOOK}") {{ claims(first: 5) {{ totalCount nodes {{ slug }} }} observations {{ totalCount }} }} }}"#)),
        ("districts by claims", r#"{ districts(filter: {claims: {count: {gte: 4}}}) { nodes { slug } } every: districts(filter: {claims: {every: {position: {lte: 3}}}}) { totalCount } }"#.to_owned()),
        ("search", "{ search(query: \"quokka\") { totalCount edges { cursor node { excerpt { text } node { id } } } } }".to_owned()),
        ("search of types", "{ search(query: \"okapi\", types: [CLAIM, OBSERVATION], first: 4) { totalCount edges { cursor node { match node { id } } } } }".to_owned()),
        ("groups", format!("{{ observationGroups(by: [YEAR], {of}) {{ totalCount edges {{ cursor node {{ count sum {{ value }} observations {{ nodes {{ id }} }} }} }} }} }}")),
        ("series", r#"{ metric(slug: "5g-base-stations") { series(district: "haidian") { points { period { code } observation { id value } } maximum { observation { value } } } } }"#.to_owned()),
        ("ranking", r#"{ metric(slug: "5g-base-stations") { ranking(period: "2030") { of entries { nodes { position observation { id } } } } } }"#.to_owned()),
        ("compare", r#"{ compare(metrics: ["5g-base-stations"], districts: ["haidian", "beijing"]) { rows { cells { value period { code } } } } }"#.to_owned()),
        ("latest", r#"{ district(slug: "haidian") { latest(metric: "5g-base-stations") { id value previous { value } change { absolute { value } } } observationSummary(filter: {metric: {slug: {eq: "5g-base-stations"}}}) { count sum { value } } observations { totalCount } } }"#.to_owned()),
        ("a mistake", r#"{ metric(slug: "5g-base-stations") { series(district: "haidiann") { points { observation { id } } } } }"#.to_owned()),
        ("changes", "{ changes(first: 1000) { totalCount edges { cursor node { kind recordedAt revision type nodeId node { id } } } } }".to_owned()),
        ("the last changes", "{ changes(last: 5) { edges { cursor node { nodeId } } pageInfo { hasPreviousPage startCursor } } }".to_owned()),
    ]
    .map(|(name, query)| (name.to_owned(), query))
    .into();
    for slug in ["a", "of-a", "of-c", "of-new", "of-gone", "of-d"] {
        all.push((
            format!("claim {slug}"),
            format!(r#"{{ claim(slug: "{slug}") {{ {claim} }} }}"#),
        ));
    }
    let claims = (1..20).chain(HIDDEN..HIDDEN + 20).map(|number| format!("claim:{number}"));
    let figures = (2000..2040).map(|year| format!("observation:20.7.0.{year}"));
    let ids: Vec<String> = claims.chain(figures).collect();
    all.push(("nodes".to_owned(), format!("{{ nodes(ids: {ids:?}) {{ id ... on Claim {{ slug }} ... on Observation {{ value }} }} }}")));
    for step in 0..=STEPS {
        let then = time(step);
        all.push((format!("as of {step}"), format!("{{ observations({of}, asOf: \"{then:?}\") {{ totalCount edges {{ cursor node {{ {figure} }} }} }} }}")));
        all.push((
            format!("changes since {step}"),
            format!(
                "{{ changes(since: \"{then:?}\") {{ totalCount nodes {{ nodeId revision }} }} }}"
            ),
        ));
    }
    for day in ["2026-01-01", "2026-01-02", "2026-06-02", "2999-01-01"] {
        all.push((
            format!("known on {day}"),
            format!(
                "{{ observations({of}, knownOn: \"{day}\") {{ totalCount nodes {{ {figure} }} }} }}"
            ),
        ));
    }
    all
}

/// All that an answer tells: its status, some of its headers, its body.
async fn told(request: reqwest::RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    let names = ["etag", "cache-control", "cache-status", "content-type", "vary"];
    let statements = header("server-timing").split('"').nth(1).map(str::to_owned);
    let mut told = format!("{} {:?} {statements:?}", response.status(), names.map(header));
    let bytes = response.bytes().await.unwrap();
    told.extend(bytes.iter().map(|byte| char::from(*byte)));
    told
}

/// Everything that somebody is told.
pub(crate) async fn everything(server: &Server, token: Option<&str>) -> Vec<(String, String)> {
    let ask = |path: &str, parameters: &[(&str, &str)], accept: &str| {
        let get = server.client().get(server.url(path)).query(parameters).header("accept", accept);
        match token {
            Some(token) => told(get.bearer_auth(token)),
            None => told(get),
        }
    };
    let mut all = Vec::new();
    for (name, query) in questions() {
        let parameters = [("query", query.as_str())];
        all.push((name, ask("/graphql", &parameters, "application/json").await));
    }
    let lists = [
        "{ claims { nodes { slug statement observation { value } } } }",
        "{ observations { nodes { slug value claims { totalCount } } } }",
    ];
    for (accept, query) in ["text/csv", "application/x-ndjson"].into_iter().zip(lists) {
        all.push((accept.to_owned(), ask("/graphql", &[("query", query)], accept).await));
    }
    for file in [
        "dataset.zip",
        "observations.csv",
        "observations.jsonl",
        "observations.sdmx.csv",
        "districts.geojson",
    ] {
        all.push((file.to_owned(), ask(&format!("/export/{file}"), &[], "*/*").await));
        let then = [("asOf", "2026-03-01T00:05:30Z")];
        all.push((format!("{file} as of"), ask(&format!("/export/{file}"), &then, "*/*").await));
    }
    all
}
