//! Orders by names and titles: in the language that is read, by its own rules, the same on both
//! databases. What is right is told by another implementation of ICU's rules, that of Node.

use serde_json::{Value, json};

use crate::{Server, clients, on_each_database};

/// Words on which languages differ, in several scripts.
const WORDS: [&str; 22] = [
    "Zebra",
    "apple",
    "Äpple",
    "Banana",
    "banana",
    "École",
    "eclair",
    "Ångström",
    "zoo",
    "Östersund",
    "1 item",
    "10 items",
    "9 lives",
    "cote",
    "côte",
    "coté",
    "Чай",
    "北京",
    "上海",
    "بكين",
    "(brackets)",
    "Aarhus",
];

/// The words in a language's order; none where there is no Node.
async fn sorted(language: &str, words: &Value) -> Option<Value> {
    let arguments = vec![language.to_owned(), words.to_string()];
    let (told, _) = clients::run("collate.mjs", arguments).await?;
    Some(serde_json::from_str(&told).unwrap())
}

/// The names of a list, as they are read and ordered by somebody.
async fn names(server: &Server, accept: &str, arguments: &str, field: &str) -> Value {
    let query = format!("{{ list: {arguments} {{ nodes {{ {field} }} }} }}");
    let post = server.client().post(server.url("/graphql")).header("accept-language", accept);
    let answer = post.json(&json!({ "query": query })).send().await.unwrap();
    let answer = crate::Answer::read(answer).await.data();
    let name = |node: &Value| node.as_object().unwrap().values().next().unwrap().clone();
    answer["list"]["nodes"].as_array().unwrap().iter().map(name).collect()
}

on_each_database! {
    /// Names stand in the order of the language that is read, by `language` or else by
    /// `Accept-Language`, as they are shown.
    async fn names_are_ordered_as_they_are_read(server: &Server) {
        let own = ("districts(filter: {kind: {eq: DISTRICT}}, orderBy: [{by: NAME", "}])");
        for language in ["ar", "zh", "en"] {
            let field = format!("name(language: \"{language}\")");
            let asked = format!("{}, language: \"{language}\"{}", own.0, own.1);
            let shown = names(server, "fr", &asked, &field).await;
            assert_eq!(shown.as_array().unwrap().len(), 8);
            let Some(wanted) = sorted(language, &shown).await else { return };
            assert_eq!(shown, wanted, "{language}");
            let accepted = names(server, &format!("{language}, fr;q=0.5"), &format!("{}{}", own.0, own.1), "name").await;
            assert_eq!(accepted, wanted, "{language}");
        }
        assert_eq!(names(server, "ar", &format!("{}{}", own.0, own.1), "name").await[0], "تشانغ بينغ");
    }

    /// Each language has its own rules, forwards and backwards; whoever has none has those of all.
    async fn rules_are_those_of_the_language(server: &Server) {
        let rows: String = WORDS.iter().enumerate().map(|(number, word)| format!("w{number:02},{word}\n")).collect();
        server.write("theme", &format!("slug,name_en\n{rows}")).await;
        let words = json!(WORDS);
        for language in ["en", "sv", "de", "da", "fr-CA", "ar", "zh", "zh-Hant-TW", "ru", "et", "tlh"] {
            let list = |direction: &str| format!("themes(first: 99, filter: {{slug: {{startsWith: \"w\"}}}},
                orderBy: [{{by: NAME, direction: {direction}, language: \"{language}\"}}])");
            let found = names(server, "en", &list("ASC"), "name").await;
            let Some(wanted) = sorted(language, &words).await else { return };
            assert_eq!(found, wanted, "{language}");
            let mut backwards = names(server, "en", &list("DESC"), "name").await;
            backwards.as_array_mut().unwrap().reverse();
            assert_eq!(backwards, wanted, "{language}");
        }
    }

    /// What is read of a text that is not in the language is what the field shows, and a related
    /// row's name is ordered like its own.
    async fn what_is_missing_is_read_elsewhere(server: &Server) {
        server.write("theme", "slug,name_en,name_zh,name_zh-Hant,name_ar\n\
            t1,Zulu,甲,,\nt2,,,乙,\nt3,Alpha,,,\nt4,,,,ب\nt5,Beta,丙,丁,\n").await;
        server.write("theme", "slug,parent,name_en\n\
            c1,t1,x\nc2,t2,x\nc3,t3,x\nc4,t4,x\nc5,t5,x\n").await;
        for language in ["zh", "zh-TW", "zh-Hant", "ar", "fr", "en"] {
            let field = format!("name(language: \"{language}\")");
            let own = format!("themes(filter: {{slug: {{startsWith: \"t\"}}, parent: null}},
                orderBy: [{{by: NAME, language: \"{language}\"}}, {{by: SLUG}}])").replace(", parent: null", "");
            let shown = names(server, "en", &own, &field).await;
            let shown: Value = shown.as_array().unwrap().iter().filter(|name| **name != "x").cloned().collect();
            let parents = format!("themes(filter: {{slug: {{in: [\"c1\", \"c2\", \"c3\", \"c4\", \"c5\"]}}}},
                orderBy: [{{by: PARENT_NAME, language: \"{language}\"}}])");
            let related = names(server, "en", &parents, &format!("parent {{ {field} }}")).await;
            let related: Value = related.as_array().unwrap().iter()
                .map(|parent| parent.as_object().unwrap()["name"].clone()).collect();
            let Some(wanted) = sorted(language, &related).await else { return };
            assert_eq!(related, wanted, "{language}");
            for name in related.as_array().unwrap() {
                assert!(shown.as_array().unwrap().contains(name), "{language} {name}");
            }
        }
    }

    /// A cursor belongs to the language too, and what is no text has none.
    async fn languages_are_part_of_the_order(server: &Server) {
        let list = |arguments: &str, language: &str| format!(
            "{{ districts({arguments}, orderBy: [{{by: NAME, language: \"{language}\"}}]) {{ nodes {{ slug }} pageInfo {{ endCursor }} }} }}"
        );
        let first = server.data(&list("first: 3", "ar")).await;
        let after = format!("first: 3, after: {}", first["districts"]["pageInfo"]["endCursor"]);
        let (message, code, _) = server.error(&list(&after, "zh")).await;
        assert!(message.contains("a cursor of another list or another order"), "{message}");
        assert_eq!(code, "BAD_USER_INPUT");
        assert_eq!(server.data(&list(&after, "ar")).await["districts"]["nodes"].as_array().unwrap().len(), 3);
        let (message, code, _) = server.error(
            "{ districts(orderBy: [{by: INITIATIVE_COUNT, language: \"ar\"}]) { nodes { slug } } }",
        ).await;
        assert_eq!(message, "`language` is \"ar\", but INITIATIVE_COUNT is no name and no title; leave `language` out");
        assert_eq!(code, "BAD_USER_INPUT");
    }
}
