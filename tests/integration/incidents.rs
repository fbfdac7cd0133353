//! The log of what goes wrong: one line when it begins, one when it changes, one when it ends, none between.

use std::collections::BTreeMap;

use api_canary::simulate::Fault;

use crate::canary::Canary;
use crate::scene::{Scene, has_ipv6};

/// The fields of a line of the log.
pub(crate) type Line = BTreeMap<String, String>;

/// How a line is read.
type Read = fn(&str) -> Line;

/// The fields of a line of logfmt.
pub(crate) fn logfmt(line: &str) -> Line {
    let mut fields = Line::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').unwrap_or_else(|| panic!("no field: {line}"));
        let (value, after) = match after.strip_prefix('"') {
            None => after.split_once(' ').map_or((after.to_owned(), ""), |(v, rest)| (v.to_owned(), rest)),
            Some(quoted) => {
                let quotes = quoted.match_indices('"').map(|(at, _)| at);
                let mut ends = quotes.filter(|at| !quoted[..*at].ends_with('\\'));
                let end = ends.next().unwrap_or_else(|| panic!("open quotes: {line}"));
                (quoted[..end].replace("\\\"", "\""), quoted[end + 1..].trim_start())
            }
        };
        assert!(fields.insert(name.to_owned(), value).is_none(), "{name} twice: {line}");
        rest = after;
    }
    fields
}

/// The fields of a line of JSON, values as text.
fn json(line: &str) -> Line {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
    let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    object.into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// What the log says of the paths of a target.
fn told(canary: &Canary, read: Read, target: &str) -> Vec<Line> {
    let lines: Vec<_> = canary.log().iter().map(|line| read(line)).collect();
    let of_paths = |line: &Line| field(line, "target") == target && field(line, "message") != "diagnosis";
    lines.into_iter().filter(of_paths).collect()
}

pub(crate) fn field<'a>(line: &'a Line, name: &str) -> &'a str {
    line.get(name).map_or("", String::as_str)
}

/// Waits until the target has failed twice more for this reason.
async fn fails_twice(canary: &Canary, reason: &str) {
    let of = [("target", "watched"), ("reason", reason)];
    let count =
        |samples: &crate::exposition::Samples| samples.one("probe_failures_total", &of).unwrap_or(0.0);
    let before = count(&canary.samples().await);
    canary.wait(reason, |samples| (count(samples) >= before + 2.0).then_some(())).await;
    assert_eq!(canary.samples().await.one("target_up", &of[..1]), Some(0.0), "{reason}");
}

async fn works(canary: &Canary) {
    let of = [("target", "watched")];
    canary.wait("health", |samples| (samples.one("target_up", &of) == Some(1.0)).then_some(())).await;
    let runs = canary.samples().await.one("probe_runs_total", &of).unwrap();
    let samples = canary.wait_runs("watched", runs + 1.0).await;
    assert_eq!(samples.one("target_up", &of), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_one_line_when_it_begins_changes_and_ends() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 2s", &[scene.target("watched", "api", "")]);
    let formats: [(&str, Read); 2] = [("logfmt", logfmt), ("json", json)];
    let mut canaries = Vec::new();
    for (format, _) in formats {
        canaries.push(Canary::start_with(&config, &[&format!("--log.format={format}")], &[]).await);
    }
    let host = "api.sim.test";
    for canary in &canaries {
        works(canary).await;
    }
    for (fault, reason) in [(Fault::TlsExpired, "tls_cert_expired"), (Fault::Http529, "provider_overloaded")]
    {
        scene.simulator.set_fault(host, fault);
        for canary in &canaries {
            fails_twice(canary, reason).await;
        }
    }
    scene.simulator.clear_fault(host);
    for canary in &canaries {
        works(canary).await;
    }
    for (canary, (format, read)) in canaries.iter().zip(formats) {
        let lines = told(canary, read, "watched");
        let story: Vec<_> = lines
            .iter()
            .map(|line| ["message", "layer", "reason", "before"].map(|name| field(line, name)))
            .collect();
        assert_eq!(
            story,
            [
                ["works", "", "", ""],
                ["fails", "tls", "tls_cert_expired", ""],
                ["fails", "api", "provider_overloaded", "tls_cert_expired"],
                ["works again", "", "", "provider_overloaded"],
            ],
            "{format}: {:#?}",
            canary.log()
        );
        for line in &lines {
            assert_eq!([field(line, "route"), field(line, "family")], ["direct", "ipv4"], "{format}");
        }
        let [first, expired, overloaded, again] = &lines[..] else { panic!("four lines") };
        assert!(field(first, "took_seconds").parse::<f64>().unwrap() > 0.0, "{first:?}");
        assert!(field(again, "lasted_seconds").parse::<f64>().unwrap() > 1.0, "{again:?}");
        assert!(field(expired, "detail").starts_with("the certificate expired at 20"), "{expired:?}");
        assert!(field(overloaded, "detail").contains("529"), "{overloaded:?}");
        assert_eq!([field(expired, "blame"), field(overloaded, "blame")], ["provider"; 2]);
        for line in [expired, overloaded] {
            assert_eq!(field(line, "level").to_lowercase(), "error", "{line:?}");
            assert!(!field(line, "summary").is_empty(), "{line:?}");
        }
        let samples = canary.samples().await;
        for (layer, reason) in [("tls", "tls_cert_expired"), ("api", "provider_overloaded")] {
            let of = [("target", "watched"), ("layer", layer)];
            let by_reason = samples.one("probe_failures_total", &[of[0], of[1], ("reason", reason)]);
            assert_eq!(by_reason, samples.one("probe_layer_failures_total", &of), "{format}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_degraded_is_a_warning_and_the_target_is_up() {
    let scene = Scene::new().await;
    let canary =
        Canary::start(&scene.config("interval: 2s", &[scene.target("old", "tls-expiring", "")])).await;
    let samples = canary.wait_runs("old", 3.0).await;
    assert_eq!(samples.one("target_up", &[("target", "old")]), Some(1.0));
    let lines = told(&canary, logfmt, "old");
    let [works, degraded] = &lines[..] else { panic!("two lines: {lines:#?}") };
    assert_eq!(["level", "message"].map(|name| field(works, name)), ["info", "works"]);
    let fields = ["level", "message", "layer", "reason"].map(|name| field(degraded, name));
    assert_eq!(fields, ["warn", "degraded", "tls", "tls_cert_expiring"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_dns_has_no_address_of_any_more_is_not_walked_until_it_is_back() {
    if !has_ipv6() {
        return;
    }
    let scene = Scene::new().await;
    let canary = Canary::start(&scene.config("interval: 2s", &[scene.target("dual", "dual", "")])).await;
    canary.wait_runs("dual", 1.0).await;
    let ipv6 = [("target", "dual"), ("family", "ipv6")];
    canary.wait("both paths", |now| now.one("probe_success", &ipv6)).await;
    // The answer for IPv6 is then NODATA, and that for IPv4 an address more.
    scene.simulator.set_fault("dual.sim.test", Fault::TcpSecondAddress);
    canary.wait_log(&["the path is not walked", "target=dual", "family=ipv6"]).await;
    let samples = canary.wait("no path", |now| now.names(&ipv6).is_empty().then(|| now.clone())).await;
    assert_eq!(samples.one("target_up", &ipv6[..1]), Some(1.0), "the other path works");
    let aaaa = [ipv6[0], ("record_type", "AAAA")];
    assert_eq!(samples.one("dns_answer_addresses", &aaaa), Some(0.0));
    scene.simulator.clear_fault("dual.sim.test");
    let samples = canary.wait("both paths again", |now| now.one("probe_success", &ipv6).map(|_| now.clone()));
    assert_eq!(samples.await.one("probe_success", &ipv6), Some(1.0));
    assert!(
        told(&canary, logfmt, "dual").iter().all(|line| field(line, "level") == "info"),
        "{:#?}",
        canary.log()
    );
}
