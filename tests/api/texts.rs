//! Localised text: the language asked for, or the nearest there is.

use serde_json::Value;

use crate::{Server, on_each_database};

on_each_database! {
    /// Along the documented chain: the tag, shortened, a sister variety, English.
    async fn falls_back_along_the_chain(server: &Server) {
        let data = server.data(
            r#"{ district(slug: "haidian") { none: name en: name(language: "en") ar: name(language: "ar")
                zh: name(language: "zh") hant: name(language: "zh-Hant-TW") upper: name(language: "ZH")
                egypt: name(language: "ar-EG") french: name(language: "fr")
                names { language text } } }"#,
        ).await;
        let district = &data["district"];
        assert_eq!(district["none"], "Haidian");
        assert_eq!(district["en"], "Haidian");
        assert_eq!(district["french"], "Haidian");
        for chinese in ["zh", "hant", "upper"] {
            assert_eq!(district[chinese], district["names"][2]["text"]);
        }
        for arabic in ["ar", "egypt"] {
            assert_eq!(district[arabic], district["names"][0]["text"]);
        }
        let languages: Vec<_> =
            district["names"].as_array().unwrap().iter().map(|name| &name["language"]).collect();
        assert_eq!(languages, ["ar", "en", "zh"]);
        assert!(district["ar"].as_str().unwrap().contains("هاي ديان"));
        assert!(district["zh"].as_str().unwrap().contains("海淀"));
    }

    /// A tag that is none is refused with what would be right.
    async fn a_malformed_tag_is_refused(server: &Server) {
        for tag in ["", "-", "e", "english please", "zh_CN", "中文"] {
            let query = format!(r#"{{ district(slug: "haidian") {{ name(language: "{tag}") }} }}"#);
            let (message, code, path) = server.error(&query).await;
            assert_eq!(code, "BAD_USER_INPUT");
            assert!(message.contains("is no language tag") && message.contains("zh-Hant"), "{message}");
            assert_eq!(path, Value::Null);
        }
    }

    /// A text that is nowhere is null, and its list of languages empty.
    async fn a_missing_text_is_null(server: &Server) {
        let data = server.data(
            r#"{ theme(slug: "5g") { name } metric(slug: "computing-power") { description descriptions { language } }
                initiative(slug: "zhipu-listing") { organizations(first: 1) { nodes { initiative { summary } } } } }"#,
        ).await;
        assert_eq!(data["theme"]["name"], "5G");
        assert_eq!(data["metric"]["descriptions"].as_array().unwrap().len(), 3);
        assert!(data["initiative"]["organizations"]["nodes"][0]["initiative"]["summary"].is_string());
    }
}
