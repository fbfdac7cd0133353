//! Running `diagnose`, and what it said.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::scenario::{Expected, State};

/// How long one diagnosis may take, on a busy machine: its journeys and experiments have seconds each.
const LONGEST: Duration = Duration::from_secs(90);

/// What was told of a scenario.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) code: Option<i32>,
    /// What was printed, if it was JSON.
    pub(super) json: Option<Value>,
    /// What else there is to see where it is wrong.
    pub(super) words: String,
}

/// What was told of one target.
#[derive(Debug, PartialEq, Eq)]
struct OfTarget {
    verdict: String,
    layer: String,
    blame: String,
    degraded: bool,
}

/// Runs a command to its end, or until it has taken too long.
pub(super) fn run(mut command: Command, directory: &Path) -> Told {
    // Files, since a pipe that nobody reads holds up who writes.
    let (out, err) = (directory.join("stdout"), directory.join("stderr"));
    command.stdin(Stdio::null());
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if start.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let (out, err) = (text(&out), text(&err));
    let json = serde_json::from_str(&out).ok();
    let ended = status.map_or_else(|| "it did not end".to_owned(), |status| status.to_string());
    let printed = if json.is_some() { "" } else { out.as_str() };
    let words = format!("{ended} after {:.1} s\n{printed}{err}", start.elapsed().as_secs_f64());
    Told { code: status.and_then(|status| status.code()), json, words }
}

// === impl Told ===

impl Told {
    /// Where it could not even be made.
    pub(super) fn nothing(words: String) -> Self {
        Self { code: None, json: None, words }
    }

    /// The verdict of the target that was asked about.
    pub(super) fn verdict(&self) -> String {
        self.targets().first().map_or_else(|| "(nothing)".to_owned(), |target| target.verdict.clone())
    }

    /// What is not as expected; empty where all is.
    pub(super) fn wrong(&self, expected: &Expected) -> Vec<String> {
        let mut wrong = Vec::new();
        let all = OfTarget {
            verdict: expected.verdict.to_owned(),
            layer: expected.layer.to_owned(),
            blame: expected.blame.to_owned(),
            degraded: expected.state == State::Degraded,
        };
        let targets = self.targets();
        if targets.is_empty() {
            wrong.push(format!("nothing was told: {}", self.words));
        }
        wrong.extend(targets.iter().filter(|told| **told != all).map(|told| format!("{told:?}")));
        let printed = self.json.as_ref().and_then(|json| json["exit_code"].as_i64());
        let exit = expected.exit();
        if self.code != Some(exit) || printed != Some(exit.into()) {
            wrong.push(format!("exit code {:?}, {printed:?} in the JSON, should be {exit}", self.code));
        }
        wrong
    }

    fn targets(&self) -> Vec<OfTarget> {
        let targets = self.json.as_ref().and_then(|json| json["targets"].as_array());
        let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        let read = |target: &Value| OfTarget {
            verdict: text(&target["verdict"]),
            layer: text(&target["layer"]),
            blame: text(&target["blame"]),
            degraded: target["degraded"].as_bool().unwrap_or_default(),
        };
        targets.into_iter().flatten().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::scenario::{OK, degraded, down};
    use super::*;

    fn told(verdict: &str, layer: &str, blame: &str, degraded: bool, code: i32) -> Told {
        let target = json!({"target": "api", "verdict": verdict, "layer": layer, "blame": blame,
            "degraded": degraded});
        let json = json!({"targets": [target], "exit_code": code});
        Told { code: Some(code), json: Some(json), words: String::new() }
    }

    #[test]
    fn verdict_layer_blame_state_and_exit_code_all_have_to_be_right() {
        let expired = down("tls_cert_expired", "tls", "provider");
        let right = told("tls_cert_expired", "tls", "provider", false, 13);
        assert_eq!(right.wrong(&expired), [""; 0]);
        assert_eq!(right.verdict(), "tls_cert_expired");
        for other in [
            told("tls_name_mismatch", "tls", "provider", false, 13),
            told("tls_cert_expired", "tcp", "provider", false, 13),
            told("tls_cert_expired", "tls", "network", false, 13),
            told("tls_cert_expired", "tls", "provider", true, 13),
            told("tls_cert_expired", "tls", "provider", false, 1),
            Told { code: Some(14), ..told("tls_cert_expired", "tls", "provider", false, 13) },
        ] {
            assert_eq!(other.wrong(&expired).len(), 1, "{other:?}");
        }
    }

    #[test]
    fn what_works_has_no_layer_and_nobody_to_blame() {
        let mut fine = told("ok", "none", "none", false, 0);
        assert_eq!(fine.wrong(&OK), [""; 0]);
        let target = json!({"verdict": "ok", "layer": null, "blame": null, "degraded": false});
        fine.json = Some(json!({"targets": [target], "exit_code": 0}));
        assert_eq!(fine.wrong(&OK), [""; 0]);
        let expiring = degraded("tls_cert_expiring", "tls", "provider");
        assert_eq!(told("tls_cert_expiring", "tls", "provider", true, 1).wrong(&expiring), [""; 0]);
    }

    #[test]
    fn a_program_that_says_nothing_or_does_not_end_well_is_wrong() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no JSON; echo why >&2; exit 3"]);
        let told = run(command, directory.path());
        assert_eq!((told.code, told.verdict().as_str()), (Some(3), "(nothing)"));
        let wrong = told.wrong(&OK).concat();
        assert!(wrong.contains("no JSON") && wrong.contains("why") && wrong.contains("Some(3)"), "{wrong}");
    }
}
