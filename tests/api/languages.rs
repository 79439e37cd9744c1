//! The languages a request prefers.

use reqwest::header::HeaderValue;
use serde_json::json;

use crate::{Answer, Server, on_each_database};

/// The answer to a request with this `Accept-Language`.
async fn ask(server: &Server, preferred: &[u8], query: &str) -> Answer {
    let header = HeaderValue::from_bytes(preferred).unwrap();
    let request = server.client().post(server.url("/graphql")).header("accept-language", header);
    Answer::read(request.json(&json!({ "query": query })).send().await.unwrap()).await
}

const AR: &str = "هاي ديان";
const EN: &str = "Haidian";
const ZH: &str = "海淀区";

on_each_database! {
    /// Without an argument the header counts, best first; what is malformed in it does not.
    async fn the_header_is_the_default(server: &Server) {
        let query = r#"{ district(slug: "haidian") { name arabic: name(language: "ar") } }"#;
        let endless = "zh,".repeat(2000);
        for (header, wanted) in [
            ("zh", ZH),
            ("AR-eg", AR),
            ("zh-Hant-TW", ZH),
            ("fr, zh-Hant-TW;q=0.8, ar;q=0.9", AR),
            ("fr-CH, fr;q=0.9, zh;q=0.8, en;q=0.7", ZH),
            ("en;q=0.5, zh;q=0.501", ZH),
            ("zh;q=0, ar;q=0.1", AR),
            ("*, zh;q=0.5", EN),
            ("tlh", EN),
            ("tlh, und", EN),
            ("", EN),
            ("zh;q=9", EN),
            ("zh_CN", EN),
            ("zh_CN, ;;, ar", AR),
            ("no language at all; really", EN),
            (&endless, EN),
        ] {
            let answer = ask(server, header.as_bytes(), query).await;
            assert_eq!(answer.data(), json!({ "district": { "name": wanted, "arabic": AR } }), "{header}");
        }
        let answer = ask(server, b"zh, \xff\xfe", query).await;
        assert_eq!(answer.data()["district"]["name"], EN);
        assert_eq!(server.data(query).await["district"]["name"], EN);
    }

    /// Every text follows the header, those of the data set and those that may be null too.
    async fn every_text_follows_the_header(server: &Server) {
        let texts = |argument: &str| format!(r#"{{
            dataset {{ title{argument} description{argument} }}
            metric(slug: "computing-power") {{ name{argument} description{argument} unit {{ name{argument} }} }}
            initiatives {{ nodes {{ title{argument} summary{argument} claims {{ nodes {{ statement{argument} }} }} }} }}
            observations {{ nodes {{ note{argument} }} }}
            theme(slug: "5g") {{ name{argument} }} sources {{ nodes {{ title{argument} }} }}
        }}"#);
        let mut answers = Vec::new();
        for language in ["ar", "en", "zh"] {
            let asked = server.data(&texts(&format!("(language: \"{language}\")"))).await;
            assert_eq!(ask(server, language.as_bytes(), &texts("")).await.data(), asked);
            answers.push(asked);
        }
        assert!(answers[0] != answers[1] && answers[1] != answers[2] && answers[0] != answers[2]);
    }

    /// A cache between here and the client keeps the languages apart.
    async fn caches_are_told(server: &Server) {
        for query in ["{ districts { nodes { name } } }", "{ nothing }"] {
            let request = server.client().get(server.url("/graphql")).query(&[("query", query)]);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["vary"], "accept-language");
        }
    }
}
