//! The contract: the schema as clients generate their types from it.

use std::path::Path;

use hutong::{cli::sdl, graphql, query::Limits};

/// The SDL in the repository is the live one. After a change that is meant, write it anew:
/// `HUTONG_UPDATE_SCHEMA=1 cargo test --test api schema`.
#[test]
fn is_the_contract() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/schema.graphql");
    let live = sdl(&graphql::schema(Limits { page_default: 50, page_max: 1000 }));
    if std::env::var_os("HUTONG_UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &live).unwrap();
    }
    let contract = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        live == contract,
        "the schema is not the one of tests/api/schema.graphql; if that is meant, run\n  \
         HUTONG_UPDATE_SCHEMA=1 cargo test --test api schema\nand review the difference"
    );
}

/// Whoever reads the schema for the first time finds a word on everything in it.
#[test]
fn everything_is_described() {
    let schema = graphql::schema(Limits { page_default: 50, page_max: 1000 });
    let query = "{ __schema { types { name description
        fields { name description args { name description } }
        inputFields { name description } enumValues { name description } } } }";
    let answer = futures_util::FutureExt::now_or_never(schema.execute(query)).unwrap();
    let data = serde_json::to_value(answer.data).unwrap();
    let mut bare = Vec::new();
    for kind in data["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        let ours =
            !name.starts_with("__") && !["Int", "Float", "String", "Boolean", "ID"].contains(&name);
        if ours {
            undescribed(kind, name, &mut bare);
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

/// Relay pages a connection by the arguments of its own field, forwards and backwards.
#[test]
fn every_connection_takes_the_arguments_of_its_pages() {
    let sdl = sdl(&graphql::schema(Limits { page_default: 50, page_max: 1000 }));
    let schema = apollo_compiler::Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
    let (mut met, mut lacking) = (0, Vec::new());
    for (name, kind) in &schema.types {
        let fields = match kind {
            apollo_compiler::schema::ExtendedType::Object(object) => &object.fields,
            apollo_compiler::schema::ExtendedType::Interface(interface) => &interface.fields,
            _ => continue,
        };
        for (field, definition) in fields {
            if !definition.ty.inner_named_type().ends_with("Connection") {
                continue;
            }
            met += 1;
            let takes = |(argument, of): (&str, &str)| {
                let given = definition.argument_by_name(argument);
                given.is_some_and(|given| given.ty.to_string() == of)
            };
            let wanted =
                [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")];
            if !wanted.into_iter().all(takes) {
                lacking.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(met > 30, "{met}");
    assert_eq!(lacking, Vec::<String>::new());
}

fn undescribed(thing: &serde_json::Value, path: &str, bare: &mut Vec<String>) {
    if thing["description"].as_str().is_none_or(|text| text.len() < 5) {
        bare.push(path.to_owned());
    }
    for parts in ["fields", "args", "inputFields", "enumValues"] {
        for part in thing[parts].as_array().into_iter().flatten() {
            undescribed(part, &format!("{path}.{}", part["name"].as_str().unwrap()), bare);
        }
    }
}
