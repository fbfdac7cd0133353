//! The parts that operations of the OpenAPI document are put together of.

use serde_json::{Value, json};

/// What can be asked at one path by one method.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    /// Its name for programs that are made of the document.
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: Vec<Value>,
    pub(super) answers: Vec<(u16, Value)>,
}

impl Operation {
    pub(super) fn value(self) -> Value {
        let Self { path: _, method: _, id, tag, summary, description, parameters, answers } = self;
        let answers: serde_json::Map<String, Value> =
            answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect();
        json!({
            "operationId": id,
            "tags": [tag],
            "summary": summary,
            "description": description,
            "parameters": parameters,
            "responses": answers,
        })
    }
}

/// An answer with a body.
pub(super) fn answer(description: &str, content_type: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { content_type: { "schema": schema } } })
}

/// An answer of text.
pub(super) fn text(description: &str, content_type: &str) -> Value {
    answer(description, content_type, &json!({ "type": "string" }))
}

/// An answer of JSON.
pub(super) fn document(description: &str, schema: &Value) -> Value {
    answer(description, "application/json", schema)
}

/// A problem.
pub(super) fn problem(description: &str) -> Value {
    answer(description, "application/problem+json", &json!({ "$ref": "#/components/schemas/Problem" }))
}

/// The same, with the time after which to ask again.
pub(super) fn later(mut answer: Value) -> Value {
    answer["headers"] = json!({
        "Retry-After": {
            "description": "Seconds after which to ask again.",
            "required": true,
            "schema": { "type": "integer", "minimum": 1 },
        },
    });
    answer
}

/// A parameter of the query.
pub(super) fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

/// The name of a target in the path.
pub(super) fn name() -> Value {
    json!({
        "name": "name",
        "in": "path",
        "required": true,
        "description": "The name of a target, as in the config.",
        "schema": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$" },
        "example": "claude",
    })
}

/// The language.
pub(super) fn lang() -> Value {
    query(
        "lang",
        "The language of the texts; without it, the one that Accept-Language wants most.",
        &json!({ "type": "string", "enum": ["en", "zh"] }),
    )
}

/// That a parameter is wrong.
pub(super) fn wrong() -> (u16, Value) {
    (400, problem("A parameter is wrong; the detail says which, and what to write."))
}

/// That there is no such target.
pub(super) fn no_target() -> (u16, Value) {
    (404, problem("There is no target of this name."))
}
