//! The shape of the document, its schema, its exit codes, and what is not in it.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::samples::{all, document, surroundings};
use super::*;
use crate::document::generated::generated;
use misfit::misfit;

#[path = "../../tests/integration/misfit.rs"]
pub(crate) mod misfit;

/// The schema of the document.
fn schema() -> Value {
    let settings =
        SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Document>().to_value()
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
    }
}

#[test]
fn every_key_is_there_and_only_what_can_be_absent_is_null() {
    let value: Value = serde_json::from_str(&document(Language::English).json().unwrap()).unwrap();
    let wrong = |pointer: &str, new: Value| {
        let mut wrong = value.clone();
        *wrong.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = new;
        misfit(&wrong, &schema(), "$")
    };
    let nullable = ["layer", "blame", "remedy", "paths/0/layers/3/reason", "paths/0/layers/3/seconds"];
    let nullable = nullable.into_iter().chain(["paths/0/layers/3/detail", "paths/0/succeeded_in_attempt"]);
    let more = ["resolvers/0/rcode", "resolvers/0/reason", "resolvers/0/detail", "environment/proxy/curl"];
    let more = more.into_iter().chain(["environment/proxy/problem", "environment/trusted_only"]);
    for key in nullable.chain(more).chain(["environment/name_servers/problem"]) {
        assert_eq!(wrong(&format!("/targets/2/{key}"), Value::Null), None, "{key}");
    }
    let never = ["target", "url", "verdict", "degraded", "summary", "findings", "followups", "paths"];
    let never = never.into_iter().chain(["paths/0/layers/3/layer", "paths/0/layers/3/state", "paths/0/ok"]);
    let more = ["followups/0/result", "followups/0/conclusive", "followups/0/tells/1", "resolvers/0/seconds"];
    for key in never.chain(more).chain(["resolvers", "environment", "evidence", "certificates"]) {
        let told = wrong(&format!("/targets/2/{key}"), Value::Null);
        assert!(told.is_some(), "{key} may be null");
    }
    for (key, new, told) in [
        ("targets/0/verdict", json!("fine"), "verdict"),
        ("targets/0/verdict", json!("tls_reset"), ""),
        ("targets/2/paths/0/layers/1/state", json!("skipped"), "state"),
        ("targets/2/followups/0/tells", json!(["one"]), "so many"),
        ("targets/2/paths/0/layers/1", json!({"layer": "tcp", "state": "passed"}), "is missing"),
        ("exit_code", json!(256), "exit_code"),
    ] {
        let found = wrong(&format!("/{key}"), new).unwrap_or_default();
        assert!(found.contains(told) && found.is_empty() == told.is_empty(), "{key}: {found}");
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
fn times_have_as_many_figures_as_people_read() {
    for (nanos, told) in [
        (0, "0 µs"),
        (12_300, "12 µs"),
        (94_900, "95 µs"),
        (96_000, "0.1 ms"),
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

#[test]
fn a_journey_in_which_the_canary_was_slow_says_so_everywhere() {
    for language in Language::ALL {
        let mut found = all().remove(0);
        let words = |found: &Investigated| {
            let document = Document::of(std::slice::from_ref(found), &surroundings(), language);
            let value: Value = serde_json::from_str(&document.json().unwrap()).unwrap();
            let path = value["targets"][0]["paths"][0].clone();
            (
                (path["late_seconds"].clone(), path["canary_slow"].clone()),
                markdown(&document, language, false),
            )
        };
        let told = texts::canary_slow(0.035, language);
        let (keys, report) = words(&found);
        assert_eq!(keys, (json!(0.0), json!(false)));
        assert!(!report.contains(&told));
        Arc::make_mut(&mut found.run.outcomes[0]).late = Duration::from_millis(35);
        let journey = JourneyPart::of(&found.run.outcomes[0], language);
        assert!(journey.canary_slow && (journey.late_seconds - 0.035).abs() < 1e-9);
        let (keys, report) = words(&found);
        assert_eq!(keys, (json!(0.035), json!(true)));
        assert!(report.contains(&told), "{report}");
    }
    assert!(texts::canary_slow(0.035, Language::English).contains("late by 35 ms"));
}
