//! The OpenAPI document of all that programs and people call, made of the types that are answered.
//!
//! Promises: what is answered with a schema is a type of the document room, and the schema is made of it; pages that
//! browsers show are not in it.

mod around;
mod operation;
mod targets;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::headers;
use crate::metrics::VERSION;
use operation::Operation;

/// Made once, when it is asked for first.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

pub(super) async fn openapi() -> Response {
    (headers("application/json"), DOCUMENT.as_str()).into_response()
}

/// The document.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let operations = targets::operations(&mut generator).into_iter().chain(around::operations());
    let mut paths = Map::new();
    for operation in operations.collect::<Vec<_>>() {
        let Operation { path, method, .. } = operation;
        let of_path = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(of_path) = of_path.as_object_mut() {
            of_path.insert(method.to_owned(), operation.value());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "api-canary",
            "version": VERSION,
            "summary": "What is known of the APIs under watch, and why they fail.",
            "description": "Times are in UTC (RFC 3339), durations in seconds. What is absent is `null`. Labels such as verdicts, \
                            layers and reasons are closed lists; texts are in English or, by `lang` or `Accept-Language`, in \
                            Chinese. Errors are problems of RFC 9457. There are no credentials in any answer.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        // Two folders up from where this document is, also behind a prefix.
        "servers": [{ "url": "../.." }],
        "tags": [
            { "name": "targets", "description": "What is known of the targets." },
            { "name": "pictures", "description": "Pictures to be put into other pages." },
            { "name": "program", "description": "The program itself." },
        ],
        "paths": paths,
        "components": { "schemas": schemas(&mut generator) },
    })
}

fn schemas(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut schemas = generator.take_definitions(true);
    schemas.sort_keys();
    schemas
}

#[cfg(test)]
mod tests;
