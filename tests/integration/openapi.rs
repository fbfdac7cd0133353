//! Schemas of the OpenAPI document with every reference put in, so that values can be checked against them; the unit tests
//! of the API use it as well.

use serde_json::Value;

/// The schema of an answer: by path, method, status and content type.
pub(crate) fn schema(document: &Value, path: &str, method: &str, status: u16) -> Value {
    let answer = &document["paths"][path][method]["responses"][status.to_string()];
    let content =
        answer["content"].as_object().unwrap_or_else(|| panic!("{method} {path} {status}: {answer}"));
    let [(_, of_type)] = content.iter().collect::<Vec<_>>()[..] else { panic!("{path}: {content:?}") };
    resolved(document, &of_type["schema"])
}

/// A schema with what it refers to in its place; ours never lead back to themselves.
fn resolved(document: &Value, schema: &Value) -> Value {
    match schema {
        Value::Object(entries) => {
            let mut all = serde_json::Map::new();
            for (key, value) in entries {
                if key == "$ref" {
                    let pointer = value.as_str().unwrap().trim_start_matches('#');
                    let target =
                        document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
                    let target = resolved(document, target);
                    all.extend(target.as_object().unwrap().clone());
                } else {
                    all.insert(key.clone(), resolved(document, value));
                }
            }
            Value::Object(all)
        }
        Value::Array(items) => items.iter().map(|item| resolved(document, item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}
