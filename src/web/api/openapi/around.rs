//! The operations outside of `/api/`: pictures, metrics, the config, and the life of the program.

use serde_json::json;

use super::operation::{Operation, answer, name, no_target, query, text, wrong};

pub(super) fn operations() -> [Operation; 7] {
    [probe(), sd(), badge(), metrics(), config(), healthy(), ready()]
}

fn badge() -> Operation {
    let mut not_modified = text("The client has it already.", "image/svg+xml");
    if let Some(answer) = not_modified.as_object_mut() {
        answer.remove("content");
    }
    Operation {
        path: "/badge/{name}.svg",
        method: "get",
        id: "getBadge",
        tag: "pictures",
        summary: "How a target does, as a picture",
        description: "A small picture for other pages. What is shown of the past says how far back it really goes.",
        parameters: vec![
            name(),
            query(
                "show",
                "What is shown; `health` without it.",
                &json!({ "type": "string", "enum": ["health", "uptime", "latency", "certificate"] }),
            ),
            query(
                "window",
                "How far back uptime and latency look; `24h` without it.",
                &json!({ "type": "string", "enum": ["1h", "6h", "24h"] }),
            ),
            query(
                "lang",
                "The language of the words for health; English without it.",
                &json!({ "type": "string", "enum": ["en", "zh"] }),
            ),
        ],
        answers: vec![
            (200, text("The picture.", "image/svg+xml")),
            (304, not_modified),
            wrong(),
            no_target(),
        ],
    }
}

fn probe() -> Operation {
    let mut target = query(
        "target",
        "The name of a target, as in the config.",
        &json!({ "type": "string", "minLength": 1 }),
    );
    target["required"] = json!(true);
    target["example"] = json!("claude");
    // An empty one is none, as blackbox_exporter has it.
    let word = |words: &[&str]| {
        let all = [&[""], words].concat();
        json!({ "type": "string", "enum": all })
    };
    let mut exposition = text(
        "What was found, as gauges; `probe_success 0` where it failed.",
        "text/plain; version=0.0.4; charset=utf-8",
    );
    exposition["content"]["application/openmetrics-text; version=1.0.0; charset=utf-8"] =
        json!({ "schema": { "type": "string" } });
    Operation {
        path: "/probe",
        method: "get",
        id: "probeTarget",
        tag: "targets",
        summary: "One target, as blackbox_exporter answers",
        description: "Probed now or just now, within what the header `X-Prometheus-Scrape-Timeout-Seconds` allows.",
        parameters: vec![
            target,
            query(
                "module",
                "Up to which layer; `all` without it.",
                &word(&["all", "api", "dns", "tcp", "tls"]),
            ),
            query("route", "Only this route.", &json!({ "type": "string" })),
            query("family", "Only this family.", &word(&["ipv4", "ipv6", "any"])),
            query("debug", "Whether the story of it is told, as text.", &word(&["true", "false"])),
        ],
        answers: vec![
            (200, exposition),
            (400, text("A parameter is wrong, or there is no such target or path.", "text/plain")),
            (503, text("The target is no longer watched, or the program is about to end.", "text/plain")),
        ],
    }
}

fn sd() -> Operation {
    let group = json!({
        "type": "object",
        "properties": {
            "targets": { "type": "array", "items": { "type": "string" } },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
        },
        "required": ["targets", "labels"],
    });
    Operation {
        path: "/sd",
        method: "get",
        id: "discoverTargets",
        tag: "targets",
        summary: "The targets for Prometheus' HTTP service discovery",
        description: "A group for each target, whose address is the name for `/probe`.",
        parameters: vec![query(
            "provider",
            "Only targets of this provider; there may be none.",
            &json!({ "type": "string" }),
        )],
        answers: vec![
            (200, answer("The groups.", "application/json", &json!({ "type": "array", "items": group }))),
            wrong(),
        ],
    }
}

fn metrics() -> Operation {
    let mut exposition = text("The metrics.", "text/plain; version=0.0.4; charset=utf-8");
    exposition["content"]["application/openmetrics-text; version=1.0.0; charset=utf-8"] =
        json!({ "schema": { "type": "string" } });
    Operation {
        path: "/metrics",
        method: "get",
        id: "getMetrics",
        tag: "program",
        summary: "The metrics, for Prometheus",
        description: "In the text format of Prometheus or in OpenMetrics, by Accept; docs/metrics.md has all of them.",
        parameters: Vec::new(),
        answers: vec![(200, exposition)],
    }
}

fn config() -> Operation {
    Operation {
        path: "/config",
        method: "get",
        id: "getConfig",
        tag: "program",
        summary: "The config that is in force",
        description: "With every default filled in; secrets show as `[redacted]`.",
        parameters: Vec::new(),
        answers: vec![(200, answer("The config.", "application/yaml", &json!({ "type": "object" })))],
    }
}

fn healthy() -> Operation {
    Operation {
        path: "/-/healthy",
        method: "get",
        id: "getHealth",
        tag: "program",
        summary: "Whether the program runs",
        description: "Answers as long as it does.",
        parameters: Vec::new(),
        answers: vec![(200, text("It runs.", "text/plain"))],
    }
}

fn ready() -> Operation {
    Operation {
        path: "/-/ready",
        method: "get",
        id: "getReadiness",
        tag: "program",
        summary: "Whether the program watches",
        description: "It does not while it starts and while it ends.",
        parameters: Vec::new(),
        answers: vec![
            (200, text("It watches.", "text/plain")),
            (503, text("It starts or ends.", "text/plain")),
        ],
    }
}
