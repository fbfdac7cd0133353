//! `docker-compose.yml` and what it mounts: valid, confined, and understood by the programs that read it. The images
//! themselves are not pulled here; `deploy/smoke.sh` is for machines that can.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use api_canary::net;
use serde_json::{Value, json};

use crate::canary::run;
use crate::peers::process::{free_ports, local, program};
use crate::python::{packages, python, said};
use crate::workspace::{Workspace, wait_for};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn at(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

/// What a command says that must succeed.
fn ok(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Python with the checker and its YAML library.
fn with_packages() -> Command {
    let mut command = python();
    command.env("PYTHONPATH", packages("compose/requirements.txt"));
    command
}

/// A YAML file as JSON, its anchors and merges resolved.
fn yaml(path: &str) -> Value {
    let script = "import json, sys\nfrom ruamel.yaml import YAML\n\
                  json.dump(YAML(typ='safe').load(open(sys.argv[1])), sys.stdout)";
    serde_json::from_str(&ok(with_packages().args(["-c", script]).arg(at(path)))).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(text).collect()
}

/// The services by their names.
fn services(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    file["services"].as_object().unwrap().iter()
}

/// What is mounted where in a service: files of this tree, and named volumes.
fn mounts(service: &Value) -> Vec<(&str, &str, bool)> {
    let read = |mount| {
        let mut parts = text(mount).split(':');
        (parts.next().unwrap(), parts.next().unwrap(), parts.next() == Some("ro"))
    };
    service["volumes"].as_array().into_iter().flatten().map(read).collect()
}

#[test]
fn the_file_fits_the_schema() {
    let mut check = with_packages();
    check.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]);
    ok(check.arg(at("docker-compose.yml")));
}

#[test]
fn every_service_is_pinned_confined_watched_and_reached_from_this_machine_only() {
    let file = yaml("docker-compose.yml");
    for (name, service) in services(&file) {
        let (_, tag) = text(&service["image"]).rsplit_once(':').unwrap_or_else(|| panic!("{name}: no tag"));
        let ours = service["build"] == "." && service["pull_policy"] == "build";
        let version =
            tag.trim_start_matches('v').split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        assert!(ours || version.count() == 3, "{name}: {tag} is no version");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert_eq!(service["cap_add"], Value::Null, "{name}");
        assert_eq!(service["privileged"], Value::Null, "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
        assert_eq!(service["healthcheck"]["test"][0], "CMD", "{name}");
        for limit in ["cpus", "memory", "pids"] {
            assert!(!service["deploy"]["resources"]["limits"][limit].is_null(), "{name}: {limit}");
        }
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }
    let names: BTreeSet<_> = services(&file).map(|(name, _)| name.as_str()).collect();
    let expected = ["alertmanager", "api-canary", "demo", "grafana", "prometheus", "webhook"];
    assert_eq!(names, expected.into());
    let of_profiles: Vec<_> = services(&file).filter(|(_, service)| !service["profiles"].is_null()).collect();
    assert_eq!(of_profiles.len(), 1, "what is not the demo starts always");
    assert_eq!(file["services"]["demo"]["profiles"], json!(["demo"]));
}

#[test]
fn what_is_mounted_exists_and_only_volumes_are_written() {
    let file = yaml("docker-compose.yml");
    let mut used = BTreeSet::new();
    for (name, service) in services(&file) {
        for (source, target, read_only) in mounts(service) {
            if let Some(path) = source.strip_prefix("./") {
                assert!(read_only, "{name}: {source}");
                assert!(at(path).exists(), "{name}: {source} does not exist");
                // What is missing would be made a directory, silently.
                let is_file = Path::new(target).extension().is_some();
                assert_eq!(at(path).is_file(), is_file, "{name}: {source} at {target}");
            } else {
                used.insert(source.to_owned());
            }
        }
    }
    let declared: BTreeSet<_> = file["volumes"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(used, declared);
    let secret = text(&file["secrets"]["api_key"]["file"]);
    let default = secret.strip_prefix("${ANTHROPIC_API_KEY_FILE:-./").unwrap().strip_suffix('}').unwrap();
    assert_eq!(std::fs::read(at(default)).unwrap(), b"", "nobody's key is in the tree");
}

#[test]
fn the_programs_understand_what_is_mounted() {
    // As they stand in Prometheus' container, so that the globs of the rules are tried as well.
    let workspace = Workspace::new();
    let file = yaml("docker-compose.yml");
    for (source, target, _) in mounts(&file["services"]["prometheus"]) {
        let Some(target) = target.strip_prefix("/etc/prometheus/") else { continue };
        ok(Command::new("cp").arg("-r").arg(at(source)).arg(workspace.path().join(target)));
    }
    let config = workspace.path().join("prometheus.yml");
    let checked = ok(program("promtool").args(["check", "config"]).arg(config));
    assert!(checked.contains("SUCCESS") && checked.contains("targets.rules.yml"), "{checked}");
    ok(program("amtool").arg("check-config").arg(at("alerts/alertmanager.yml")));
    let canary = run(&["check-config", at("deploy/canary.yml").to_str().unwrap()], &[]);
    assert_eq!(canary.code, Some(0), "{}", canary.err);
    let secret = format!("/run/secrets/{}", text(&file["services"]["api-canary"]["secrets"][0]));
    assert_eq!(yaml("deploy/canary.yml")["targets"][0]["api_key"]["file"], secret);
}

#[test]
fn scraped_targets_and_receivers_are_services_and_their_ports() {
    let file = yaml("docker-compose.yml");
    let prometheus = yaml("deploy/prometheus.yml");
    for job in prometheus["scrape_configs"].as_array().unwrap() {
        for target in texts(&job["static_configs"][0]["targets"]) {
            let (host, port) = target.split_once(':').unwrap();
            let host = if host == "localhost" { "prometheus" } else { host };
            let published = texts(&file["services"][host]["ports"]);
            assert!(published.iter().any(|it| it.ends_with(&format!(":{port}"))), "{target}: {published:?}");
        }
    }
    let demo = &prometheus["scrape_configs"][1];
    assert_eq!(demo["dns_sd_configs"][0]["names"], json!(["demo"]));
    assert_eq!(demo["relabel_configs"][0]["replacement"], prometheus["scrape_configs"][0]["job_name"]);
    let datasource = yaml("deploy/grafana/datasources/prometheus.yml");
    assert_eq!(datasource["datasources"][0]["url"], "http://prometheus:9090");
    let boards = yaml("deploy/grafana/dashboards/api-canary.yml");
    let provider = &boards["providers"][0];
    assert_eq!((&provider["disableDeletion"], &provider["allowUiUpdates"]), (&json!(true), &json!(false)));
    let grafana = mounts(&file["services"]["grafana"]);
    assert!(grafana.iter().any(|mount| mount.1 == provider["options"]["path"]), "{grafana:?}");

    let port = text(&file["services"]["webhook"]["command"][3]);
    for receiver in yaml("alerts/alertmanager.yml")["receivers"].as_array().unwrap() {
        for config in receiver["webhook_configs"].as_array().into_iter().flatten() {
            let url = text(&config["url"]);
            assert!(url.starts_with(&format!("http://webhook:{port}/")), "{url}");
        }
    }
}

#[tokio::test]
async fn the_receiver_tells_every_alert_in_a_line_and_refuses_what_is_none() {
    let [port] = free_ports();
    let mut receiver = python();
    let mut receiver = receiver
        .args(["-u", at("deploy/webhook.py").to_str().unwrap(), &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
    let url = format!("http://{}/page", local(port));
    wait_for("the receiver", || async {
        client.get(&url).send().await.map_err(|error| error.to_string())?;
        Ok(())
    })
    .await;
    let refused = client.post(&url).body("{\"alerts\": [{}]}").send().await.unwrap();
    assert_eq!(refused.status(), 400);
    let labels = json!({ "alertname": "ApiCanaryTlsFails", "target": "claude", "layer": "tls", "blame": "provider",
                         "severity": "critical" });
    let alert = json!({ "status": "firing", "labels": labels,
                        "annotations": { "summary": "Short.", "description": "The certificate\nhas expired." } });
    let bare = json!({ "status": "resolved", "labels": { "alertname": "Other" }, "annotations": {} });
    let told =
        client.post(&url).json(&json!({ "version": "4", "alerts": [alert, bare] })).send().await.unwrap();
    assert_eq!(told.status(), 200);
    let lines = BufReader::new(receiver.stdout.take().unwrap()).lines();
    let lines = tokio::task::spawn_blocking(|| lines.take(2).map(Result::unwrap).collect::<Vec<_>>());
    let lines = tokio::time::timeout(crate::workspace::PATIENCE, lines).await;
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    let expected = "FIRING page critical ApiCanaryTlsFails target=claude layer=tls blame=provider: The certificate has expired.";
    assert_eq!(lines.unwrap().unwrap(), [expected, "RESOLVED page - Other: "]);
}
