//! The OpenAPI document, held against the route table.

use pernoex::routes::{self, Door};
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn the_openapi_document_describes_every_route() {
    let app = TestApp::start().await;
    let text = reqwest::get(format!("{}/api/openapi.json", app.url))
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = std::collections::BTreeSet::new();
    for route in routes::api() {
        let method = route.method.as_str().to_lowercase();
        let what = format!("{method} {}", route.path);
        let operation = &document["paths"][format!("{}{}", route.door.base(), route.path)][&method];
        assert!(operation.is_object(), "{what}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is the name of two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with(['2', '3'])),
            "{what} documents what it answers"
        );
        let problem = &responses["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem", "{what} documents how it refuses");
        let security = operation["security"].as_array().unwrap();
        let needs = |scheme: &str| security.iter().all(|one| one[scheme].is_array()) && !security.is_empty();
        match route.door {
            Door::Open | Door::Callback | Door::Webhook => assert_eq!(security, &[json!({})], "{what}"),
            Door::Session | Door::Operator => assert!(needs("session") && (method == "get" || needs("csrf")), "{what}: {security:?}"),
            Door::Widget => assert!(needs("visitor") || route.path.ends_with("/visits"), "{what}: {security:?}"),
        }
        for parameter in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|one| one["name"] == parameter && one["required"] == true),
                "{what}: {parameter}"
            );
        }
    }
    for (name, path) in document["paths"].as_object().unwrap() {
        for method in path.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let known = routes::api()
                .iter()
                .any(|route| format!("{}{}", route.door.base(), route.path) == *name && route.method.as_str().to_lowercase() == *method);
            assert!(known, "{method} {name} is described and not mounted");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(document["components"]["schemas"][reference].is_object(), "{reference}");
    }
}
