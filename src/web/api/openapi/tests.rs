//! The document against the router: nothing is missing in either.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request};
use tower::ServiceExt as _;

use super::*;
use crate::document::generated::generated;
use crate::web::api::routes;
use crate::web::{router, tests::state};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "patch", "trace"];

#[test]
fn the_generated_document_is_up_to_date() {
    generated("schema/openapi.json", &DOCUMENT);
}

#[test]
fn every_route_of_the_api_is_described_and_nothing_else() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<&str> =
        paths.keys().map(String::as_str).filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(described, routes().iter().map(|(path, _)| *path).collect());
}

#[tokio::test]
async fn what_is_described_can_be_asked_and_no_other_method() {
    let document = document();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let url = path.replace("{name}", "nobody");
        for method in METHODS {
            let request =
                Request::builder().method(method.to_uppercase().parse::<Method>().unwrap()).uri(&url);
            let response = router(state()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let status = response.status().as_u16();
            match operations.get(method) {
                Some(operation) => {
                    let known = operation["responses"].get(status.to_string());
                    assert!(known.is_some(), "{method} {url}: {status}");
                }
                None => {
                    assert_eq!(status, 405, "{method} {url}");
                    let allowed = response.headers()["allow"].to_str().unwrap().to_ascii_lowercase();
                    let described = operations.as_object().unwrap().keys();
                    assert!(described.clone().all(|own| allowed.contains(own)), "{url}: {allowed}");
                }
            }
        }
    }
}

#[test]
fn names_of_operations_are_unique_and_every_reference_leads_somewhere() {
    let document = document();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?}");
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    let schemas = document["components"]["schemas"].as_object().unwrap().keys();
    let own: BTreeSet<String> = schemas.map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(used, own);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            found.extend(entries.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            entries.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
