//! The operations on targets.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::operation::{Operation, document, lang, later, name, no_target, problem, query, text, wrong};
use crate::document::{Document, Journeys, Problem, State, WatchedDetail, WatchedTargets};
use crate::web::api::OPENAPI;
use crate::web::api::asked::{LATEST, MOST, USUAL};

pub(super) fn operations(generator: &mut SchemaGenerator) -> Vec<Operation> {
    let mut schema = Schemas(generator);
    // Named by every problem.
    let _ = schema.of::<Problem>();
    vec![
        list(&mut schema),
        one(&mut schema),
        journeys(&mut schema),
        diagnose(&mut schema),
        events(),
        openapi(),
    ]
}

/// Schemas of types, kept among the components.
struct Schemas<'a>(&'a mut SchemaGenerator);

impl Schemas<'_> {
    fn of<T: JsonSchema>(&mut self) -> Value {
        self.0.subschema_for::<T>().to_value()
    }
}

fn list(schema: &mut Schemas<'_>) -> Operation {
    let states = State::ALL.map(State::label);
    Operation {
        path: "/api/v1/targets",
        method: "get",
        id: "listTargets",
        tag: "targets",
        summary: "Every target and how it stands",
        description: "Every target, by name, with its verdict, who must act and what to do.",
        parameters: vec![
            query("state", "Only the targets in this state.", &json!({ "type": "string", "enum": states })),
            lang(),
        ],
        answers: vec![(200, document("The targets.", &schema.of::<WatchedTargets>())), wrong()],
    }
}

fn one(schema: &mut Schemas<'_>) -> Operation {
    Operation {
        path: "/api/v1/targets/{name}",
        method: "get",
        id: "getTarget",
        tag: "targets",
        summary: "All that is known of one target",
        description: "How it stands, why, what was tried beside, the last journey of every path, what each resolver said, \
                      certificates, limits, and what was told of it before.",
        parameters: vec![name(), lang()],
        answers: vec![
            (200, document("All that is known of it.", &schema.of::<WatchedDetail>())),
            wrong(),
            no_target(),
        ],
    }
}

fn journeys(schema: &mut Schemas<'_>) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL });
    let since = json!({
        "anyOf": [{ "type": "string", "format": "date-time" }, { "type": "integer", "minimum": 0, "maximum": LATEST }],
    });
    Operation {
        path: "/api/v1/targets/{name}/journeys",
        method: "get",
        id: "listJourneys",
        tag: "targets",
        summary: "Past journeys of one target",
        description: "Past journeys over all of its paths, the newest first, as far as they are kept; failures are kept \
                      longer than what worked.",
        parameters: vec![
            name(),
            query(
                "since",
                "Only those that began then or later: RFC 3339, or whole seconds since 1970.",
                &since,
            ),
            query("limit", "So many at the most.", &limit),
            lang(),
        ],
        answers: vec![(200, document("The journeys.", &schema.of::<Journeys>())), wrong(), no_target()],
    }
}

fn diagnose(schema: &mut Schemas<'_>) -> Operation {
    Operation {
        path: "/api/v1/diagnose/{name}",
        method: "post",
        id: "diagnoseTarget",
        tag: "targets",
        summary: "Look into one target now",
        description: "Walks every path once and makes the experiments that would tell more, as `api-canary diagnose` does; no \
                      call that costs money. Callers that ask together share one look. It takes as long as the target's \
                      timeout, and up to half a minute more where something fails.",
        parameters: vec![name(), lang()],
        answers: vec![
            (200, document("What was found.", &schema.of::<Document>())),
            wrong(),
            (403, problem("A page of another site asks.")),
            no_target(),
            (429, later(problem("It was looked into just now."))),
            (500, problem("It cannot be walked as it is configured.")),
            (503, later(problem("Too many targets are being looked into, or the program is about to end."))),
        ],
    }
}

fn events() -> Operation {
    Operation {
        path: "/api/v1/events",
        method: "get",
        id: "streamEvents",
        tag: "targets",
        summary: "What is told of every target, as it changes",
        description: "Server-sent events without end: first the state of every target (`state`), then each change \
                      (`diagnosis`), or how many were missed (`missed`) and the state anew.",
        parameters: Vec::new(),
        answers: vec![
            (200, text("The events.", "text/event-stream")),
            (503, later(text("There are too many listeners already.", "text/plain"))),
        ],
    }
}

fn openapi() -> Operation {
    Operation {
        path: OPENAPI,
        method: "get",
        id: "getOpenApi",
        tag: "program",
        summary: "This document",
        description: "The OpenAPI document of this program.",
        parameters: Vec::new(),
        answers: vec![(200, document("This document.", &json!({ "type": "object" })))],
    }
}
