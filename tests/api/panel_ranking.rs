//! The panel's countries ranked: by what `panel/answers.py` worked out, in all ways, page by page.

use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    panel::{Panel, expected},
};

/// The metrics and periods ranked there.
const RANKINGS: [(&str, &str, &str); 4] = [
    ("gdpPerCapita2007", "gdp-per-capita", "2007"),
    ("gdpPerCapita1997", "gdp-per-capita", "1997"),
    ("lifeExpectancy2007", "life-expectancy", "2007"),
    ("lifeExpectancy1962", "life-expectancy", "1962"),
];

/// A ranking of the countries, read in pages of this many.
async fn ranking(
    server: &Server,
    metric: &str,
    arguments: &str,
    first: usize,
) -> (Value, Vec<Value>) {
    let (mut nodes, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!(
            "{{ metric(slug: \"{metric}\") {{ ranking({arguments},
                among: {{kind: {{eq: COUNTRY}}}}) {{ period {{ code }} of missing entries(first: {first} {after}) {{
                    totalCount pageInfo {{ hasNextPage endCursor }}
                    nodes {{ position of district {{ slug }} observation {{ value }} provisional }} }} }} }} }}"
        );
        let mut ranking = server.data(&query).await["metric"]["ranking"].take();
        let mut entries = ranking.as_object_mut().unwrap().remove("entries").unwrap();
        assert_eq!(entries["totalCount"], ranking["of"]);
        nodes.extend(entries["nodes"].as_array_mut().unwrap().iter_mut().map(Value::take));
        if entries["pageInfo"]["hasNextPage"] == false {
            return (ranking, nodes);
        }
        after = format!("after: {}", entries["pageInfo"]["endCursor"]);
    }
}

on_each_database! {
    /// Every position of every country, whatever is done with ties and however it is paged.
    async fn countries_stand_where_python_puts_them(server: &Panel) {
        let all = expected("ranking");
        for (name, metric, year) in RANKINGS {
            let wanted = &all[name];
            let places = wanted["nodes"].as_array().unwrap();
            for (ties, first) in [("MIN", 1000), ("DENSE", 50), ("AVERAGE", 37)] {
                let arguments = format!("period: \"{year}\", ties: {ties}");
                let (about, nodes) = ranking(server, metric, &arguments, first).await;
                assert_eq!(about, json!({
                    "period": { "code": year }, "of": wanted["of"],
                    "missing": wanted["without"].as_array().unwrap().len(),
                }));
                let position = |place: &Value| match &place[ties.to_lowercase()] {
                    Value::String(text) => json!(text),
                    number => json!(number.to_string()),
                };
                let wanted = places.iter().map(|place| json!({
                    "position": position(place), "of": wanted["of"],
                    "district": { "slug": place["district"] },
                    "observation": { "value": place["value"] }, "provisional": false,
                }));
                assert_eq!(nodes, wanted.collect::<Vec<_>>(), "{name} {ties}");
            }
        }
    }

    /// The other way round the values run the other way, and left out the period is the newest.
    async fn the_last_come_first_when_asked_to(server: &Panel) {
        let wanted = expected("ranking")["lifeExpectancy2007"].take();
        let (about, nodes) = ranking(server, "life-expectancy", "direction: ASC", 100).await;
        assert_eq!(about["period"]["code"], "2007");
        let slugs = |nodes: &[Value], at: &str| -> Vec<Value> {
            nodes.iter().map(|node| node.pointer(at).unwrap().clone()).collect()
        };
        let mut reversed = slugs(wanted["nodes"].as_array().unwrap(), "/district");
        reversed.reverse();
        assert_eq!(slugs(&nodes, "/district/slug"), reversed);
    }
}
