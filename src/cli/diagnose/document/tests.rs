//! The shape of the document, its schema, its exit codes, and what is not in it.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::samples::{all, document};
use super::*;
use crate::cli::diagnose::generated::generated;
use crate::cli::diagnose::redact::Redaction;

/// The schema of the document.
fn schema() -> Value {
    let settings =
        SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Document>().to_value()
}

/// Whether a value is as a schema says, in the words that our schema uses; where it is not.
fn misfit(value: &Value, schema: &Value, at: &str) -> Option<String> {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: the type {other}"),
    };
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = any.iter().any(|schema| misfit(value, schema, at).is_none());
        return (!fits).then(|| format!("{at}: {value} is none of {any:?}"));
    }
    if let Some(words) =
        schema.get("enum").or(schema.get("const").map(|_| &Value::Null)).and_then(Value::as_array)
        && !words.contains(value)
    {
        return Some(format!("{at}: {value} is not in {words:?}"));
    }
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(kind)) => vec![&**kind],
        _ => vec![],
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind)) {
        return Some(format!("{at}: {value} is no {kinds:?}"));
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        return items.iter().enumerate().find_map(|(n, item)| misfit(item, schema, &format!("{at}[{n}]")));
    }
    let (entries, properties) = (value.as_object()?, schema.get("properties")?.as_object()?);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let missing = required.filter_map(Value::as_str).find(|key| !entries.contains_key(*key));
    missing.map(|key| format!("{at}: {key} is missing")).or_else(|| {
        entries.iter().find_map(|(key, value)| match properties.get(key) {
            Some(schema) => misfit(value, schema, &format!("{at}.{key}")),
            None => Some(format!("{at}: {key} is not in the schema")),
        })
    })
}

#[test]
fn the_generated_schema_is_up_to_date() {
    generated("schema/diagnose.schema.json", &format!("{:#}\n", schema()));
}

#[test]
fn a_document_is_as_its_schema_says() {
    for language in Language::ALL {
        let value: Value = serde_json::from_str(&document(language).json().unwrap()).unwrap();
        assert_eq!(misfit(&value, &schema(), "$"), None);
        let mut wrong = value.clone();
        wrong["targets"][0]["verdict"] = json!("fine");
        assert!(misfit(&wrong, &schema(), "$").unwrap().contains("verdict"));
        wrong = value;
        wrong["targets"][2]["paths"][0]["layers"][1].as_object_mut().unwrap().remove("seconds");
        assert_eq!(
            misfit(&wrong, &schema(), "$").unwrap(),
            "$.targets[2].paths[0].layers[1]: seconds is missing"
        );
    }
}

#[test]
fn the_keys_stand_in_their_order() {
    let text = document(Language::English).json().unwrap();
    let keys_at = |indent: usize| -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for line in text.lines() {
            let key = line.strip_prefix(&*" ".repeat(indent)).and_then(|line| line.strip_prefix('"'));
            let key = key.and_then(|line| line.split_once("\":")).map(|(key, _)| key);
            keys.extend(key.filter(|key| !keys.contains(key)));
        }
        keys
    };
    assert_eq!(keys_at(2), ["targets", "exit_code"]);
    let of_target = [
        "target",
        "url",
        "verdict",
        "layer",
        "blame",
        "degraded",
        "summary",
        "remedy",
        "findings",
        "followups",
        "paths",
        "resolvers",
        "environment",
        "evidence",
        "ruled_out",
        "certificates",
    ];
    assert_eq!(keys_at(6), of_target);
    let value: Value = serde_json::from_str(&text).unwrap();
    let target = &value["targets"][2];
    assert_eq!(target["verdict"], "tls_sni_filtered");
    assert_eq!((&target["layer"], &target["blame"]), (&json!("tls"), &json!("network")));
    assert_eq!((&target["degraded"], &value["targets"][1]["degraded"]), (&json!(false), &json!(true)));
    assert_eq!(target["findings"][0]["reason"], "tls_timeout");
    assert_eq!(target["followups"][0]["name"], "neutral_name");
    let layer = &target["paths"][0]["layers"][3];
    assert_eq!((&layer["state"], &layer["seconds"]), (&json!("failed"), &json!(3.0)));
    assert_eq!(target["paths"][0]["layers"][4]["state"], "not_reached");
    assert_eq!(target["resolvers"][1]["resolver"], "udp://8.8.8.8:53");
    assert_eq!(value["targets"][0]["blame"], Value::Null);
    assert_eq!(value["targets"][1]["paths"][2]["succeeded_in_attempt"], 2);
}

#[test]
fn the_exit_code_is_that_of_the_first_target_that_is_down() {
    let of = |verdicts: &[(Verdict, Option<Layer>)]| {
        let diagnoses: Vec<Diagnosis> = verdicts
            .iter()
            .map(|(verdict, layer)| {
                let base = all().remove(0).diagnosis;
                Diagnosis { verdict: *verdict, layer: *layer, ..base }
            })
            .collect();
        exit_code(diagnoses.iter())
    };
    let degraded = (Verdict::Degraded(Reason::Ipv6Broken), Some(Layer::Tcp));
    assert_eq!(of(&[]), 0);
    assert_eq!(of(&[(Verdict::Ok, None)]), 0);
    assert_eq!(of(&[degraded, (Verdict::Ok, None)]), 1);
    let down = |reason: Reason| (Verdict::Down(reason), Some(reason.layer()));
    for (reason, code) in [
        (Reason::DnsNxdomain, 10),
        (Reason::TcpRefused, 11),
        (Reason::ProxyDenied, 12),
        (Reason::TlsCertExpired, 13),
        (Reason::AuthInvalid, 14),
    ] {
        assert_eq!(of(&[degraded, down(reason), down(Reason::TcpReset)]), code, "{reason}");
        assert_eq!(of(&[(Verdict::Down(reason), None)]), code, "{reason}");
    }
}

#[test]
fn nothing_internal_and_no_secret_is_left_in_a_redacted_document() {
    let found = all();
    let targets: Vec<_> = found.iter().map(|found| found.target.clone()).collect();
    let mut document = document(Language::English);
    let before = document.json().unwrap();
    Redaction::new(&targets, &[], &[], &samples::surroundings()).apply(&mut document);
    let after = document.json().unwrap();
    assert!(!before.contains("hunter2"));
    for internal in ["192.168.1.1", "10.1.2.3", "corp.internal", "10.0.0.0"] {
        assert!(before.contains(internal), "{internal}");
        assert!(!after.contains(internal), "{internal}: {after}");
    }
    for kept in ["160.79.104.10", "gateway.example.com", "api.openai.com", "8.8.8.8"] {
        assert!(after.contains(kept), "{kept}");
    }
}

#[test]
fn times_have_as_many_figures_as_people_read() {
    for (nanos, told) in [
        (0, "0.0 ms"),
        (400_000, "0.4 ms"),
        (3_200_000, "3 ms"),
        (999_400_000, "999 ms"),
        (999_600_000, "1.0 s"),
        (3_004_000_000, "3.0 s"),
        (30_000_000_000, "30 s"),
    ] {
        assert_eq!(time(Duration::from_nanos(nanos)), told);
    }
}
