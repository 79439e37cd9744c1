//! Subscriptions: what is told of as it happens, and to whom.

use std::{fmt::Display, pin::pin, time::Duration};

use chrono::{Days, NaiveDate};
use clap::Parser;
use futures_util::{FutureExt, StreamExt};
use hutong::{
    cli::Cli,
    graphql::{self, Asked, Guard},
};
use serde_json::{Value, json};

use crate::{Server, on_each_database, socket::Socket};

/// Writes figures of the number of 5G base stations.
pub(crate) async fn write(server: &Server, figures: &[(impl Display, u32)]) {
    let head = "metric,district,period,value,decimals,multiplier,comparator,status,source\n";
    let rows = figures.iter().map(|(period, value)| {
        let rest = "0,0,EQUAL,NORMAL,beijing-daily-2026-01-27";
        format!("5g-base-stations,beijing,{period},{value},{rest}\n")
    });
    server.write("observation", &(head.to_owned() + &rows.collect::<String>())).await;
}

/// Figures of that many days, counted from 1.
pub(crate) fn days(count: u32) -> Vec<(NaiveDate, u32)> {
    (1..=count).map(|number| (NaiveDate::default() + Days::new(number.into()), number)).collect()
}

on_each_database! {
    /// The data set comes at once, and again after every write.
    async fn the_data_set_is_told_of_at_once_and_when_it_changes(server: &Server) {
        let mut socket = Socket::begin(server).await;
        let query = "subscription { changed: datasetChanged { slug title revision } }";
        socket.subscribe("1", query).await;
        let told = |revision: &str| json!({ "changed": {
            "slug": "beijing-digital-economy-2025", "revision": revision,
            "title": "Beijing's digital economy in 2025",
        } });
        assert_eq!(socket.data("1").await, told("1"));
        socket.is_silent().await;
        for revision in ["2", "3", "4"] {
            server.write("unit", &format!("slug,symbol,dimension,name_en\nu{revision},u,COUNT,Unit")).await;
            assert_eq!(socket.data("1").await, told(revision));
        }
        socket.is_silent().await;
    }

    /// Each figure recorded from now on comes once, in order, with all that it is related to; those
    /// the filter leaves out do not.
    async fn figures_are_told_of_as_they_are_recorded(server: &Server) {
        let mut socket = Socket::begin(server).await;
        let all = "subscription { observationsRecorded {
            value period { code } metric { slug unit { symbol } } district { name } } }";
        let some = r#"subscription { observationsRecorded(filter: {
            value: { gte: "100" }, metric: { slug: { eq: "5g-base-stations" } } }) { value } }"#;
        socket.subscribe("all", all).await;
        socket.is_silent().await;
        write(server, &[("2020", 20), ("2021", 100)]).await;
        for (period, value) in [("2020", "20"), ("2021", "100")] {
            assert_eq!(socket.data("all").await, json!({ "observationsRecorded": {
                "value": value, "period": { "code": period },
                "metric": { "slug": "5g-base-stations", "unit": { "symbol": "station" } },
                "district": { "name": "Beijing" },
            } }));
        }
        socket.send(json!({ "type": "complete", "id": "all" })).await;
        socket.subscribe("some", some).await;
        socket.is_silent().await;
        write(server, &[("2010", 99), ("2011", 100), ("2012", 5)]).await;
        write(server, &[("2013", 99), ("2014", 101)]).await;
        for value in ["100", "101"] {
            assert_eq!(socket.data("some").await["observationsRecorded"]["value"], value);
        }
        socket.is_silent().await;
    }

    /// However many are recorded at once, each is told of, page by page.
    async fn many_figures_at_once_are_all_told_of(server: &Server) {
        let mut socket = Socket::begin(server).await;
        socket.subscribe("1", "subscription { observationsRecorded { value } }").await;
        socket.subscribe("2", "{ __typename }").await;
        // Operations begin in their order: the first listens when the second is answered.
        socket.data("2").await;
        socket.receive().await;
        write(server, &days(1200)).await;
        for number in 1..=1200 {
            let told = socket.data("1").await;
            assert_eq!(told["observationsRecorded"]["value"], number.to_string());
        }
        socket.is_silent().await;
    }

    /// What was recorded is read in one statement for five hundred figures; the filter is part of it.
    async fn a_page_of_figures_is_one_statement(server: &Server) {
        let config = Cli::parse_from(["hutong"]).config;
        let (schema, database) = (graphql::schema(config.limits), &server.store.database);
        let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
        let query = r#"subscription { observationsRecorded(
            filter: { metric: { slug: { eq: "5g-base-stations" } } }) { value } }"#;
        let asked = Asked { query: Some(query.to_owned()), ..Asked::default() };
        let mut checked = guard.check(&asked).unwrap();
        checked.request = checked.request.data(graphql::Arrival {
            revision: database.revision(),
            last_event: None,
            position: None,
        });
        let mut answers = pin!(graphql::subscribe(&schema, database, checked, Duration::from_secs(9), "id".into()));
        assert!(answers.next().now_or_never().is_none());
        write(server, &days(1200)).await;
        for number in 1..=1200 {
            let (answer, statements) = answers.next().await.unwrap().unwrap();
            let told = json!({ "observationsRecorded": { "value": number.to_string() } });
            assert_eq!(serde_json::to_value(answer.data).unwrap(), told);
            assert_eq!(statements, usize::from(number % 500 == 1), "{number}");
        }
    }

    /// A field that fails fails in the answers it stands in, and the subscription goes on.
    async fn a_failure_is_told_in_its_answer(server: &Server) {
        let mut socket = Socket::begin(server).await;
        let query = r#"subscription { observationsRecorded { value per(metric: "nothing") { __typename } } }"#;
        socket.subscribe("1", query).await;
        socket.is_silent().await;
        for figure in [("2001", 1), ("2002", 2)] {
            write(server, &[figure]).await;
            let message = socket.receive().await;
            assert_eq!(message["type"], "next");
            let payload = &message["payload"];
            assert_eq!(payload["data"]["observationsRecorded"]["value"], figure.1.to_string());
            assert_eq!(payload["data"]["observationsRecorded"]["per"], Value::Null);
            assert_eq!(payload["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
            assert_eq!(payload["errors"].as_array().unwrap().len(), 1, "{message}");
        }
    }

    /// Over plain HTTP there is one answer only.
    async fn plain_http_refuses_subscriptions(server: &Server) {
        let answer = server.ask("subscription { datasetChanged { slug } }").await;
        let (message, code, _) = answer.error();
        assert_eq!((answer.status, code.as_str()), (406, "NOT_ACCEPTABLE"));
        assert!(message.contains("name `text/event-stream` or `multipart/mixed;subscriptionSpec=1.0` in `Accept`"), "{message}");
    }
}
