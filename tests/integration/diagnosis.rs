//! What is told of a target as a whole: in its series, the log and the stream of events.

use api_canary::net;
use api_canary::simulate::Fault;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::incidents::{field, logfmt};
use crate::scene::Scene;
use crate::workspace::PATIENCE;

/// Verdict, layer and blame of a target, which has exactly one of each once it has run.
pub(crate) fn verdict(samples: &Samples, target: &str) -> Option<[String; 3]> {
    let of = [("target", target)];
    let all = samples.all("target_diagnosis_info", &of);
    if all.is_empty() {
        assert_eq!(samples.one("target_up", &of), None, "from its first run on");
        return None;
    }
    assert!(all.len() == 1 && all.iter().all(|(_, value)| (value - 1.0).abs() < 1e-9), "{all:?}");
    Some(
        ["verdict", "layer", "blame"]
            .map(|label| samples.label("target_diagnosis_info", &of, label).remove(0)),
    )
}

/// What the log says of the diagnosis of a target: level, verdict, what it was before, and whether it says how long.
pub(crate) fn told(canary: &Canary, target: &str) -> Vec<[String; 4]> {
    let lines = canary.log().into_iter().map(|line| logfmt(&line));
    let of = lines.filter(|line| field(line, "message") == "diagnosis" && field(line, "target") == target);
    let short = of.map(|line| {
        ["level", "verdict", "before", "lasted_seconds"].map(|name| field(&line, name).to_owned())
    });
    short.collect()
}

/// Runs of a target that succeeded.
fn good_runs(samples: &Samples, target: &str) -> f64 {
    let of = [("target", target)];
    let failed: f64 = samples.all("probe_failures_total", &of).iter().map(|(_, count)| count).sum();
    samples.one("probe_runs_total", &of).unwrap_or(0.0) - failed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_at_once_and_health_after_enough_good_runs() {
    let scene = Scene::new().await;
    let targets = [
        scene.target("well", "ok", ""),
        scene.target("ill", "tls-expired", ""),
        scene.target("watched", "api", ""),
    ];
    let options = "interval: 1s, diagnosis: { recover_after: 5, follow_ups: false }";
    let canary = Canary::start(&scene.config(options, &targets)).await;
    for target in ["well", "ill", "watched"] {
        canary.wait_runs(target, 1.0).await;
    }
    let samples = canary.samples().await;
    let ok = Some(["ok", "none", "none"].map(str::to_owned));
    assert_eq!(verdict(&samples, "well"), ok);
    assert_eq!(verdict(&samples, "watched"), ok);
    let expired = Some(["tls_cert_expired", "tls", "provider"].map(str::to_owned));
    assert_eq!(verdict(&samples, "ill"), expired);

    scene.simulator.set_fault("api.sim.test", Fault::Http529);
    let up = |samples: &Samples| samples.one("target_up", &[("target", "watched")]) == Some(1.0);
    let down = canary.wait("the failure", |now| (!up(now)).then(|| now.clone())).await;
    let overloaded = Some(["provider_overloaded", "api", "provider"].map(str::to_owned));
    assert_eq!(verdict(&down, "watched"), overloaded, "told with the first run that fails");
    let failed = |now: &Samples| now.one("probe_failures_total", &[("target", "watched")]) >= Some(2.0);
    canary.wait("another failure", |now| failed(now).then_some(())).await;
    let good_before = good_runs(&canary.samples().await, "watched");

    scene.simulator.clear_fault("api.sim.test");
    let still = |now: &Samples| (up(now) && verdict(now, "watched") == overloaded).then_some(());
    canary.wait("a good run that is not enough", still).await;
    let well = |now: &Samples| (verdict(now, "watched") == ok).then(|| now.clone());
    let after = canary.wait("enough good runs", well).await;
    // The last one may not be counted yet.
    assert!(good_runs(&after, "watched") - good_before >= 4.0);
    let changes = |target| after.one("target_diagnosis_changes_total", &[("target", target)]);
    assert_eq!(["well", "ill", "watched"].map(changes), [Some(0.0), Some(0.0), Some(2.0)]);

    assert_eq!(told(&canary, "well"), [[""; 4]; 0]);
    assert_eq!(told(&canary, "ill"), [["error", "tls_cert_expired", "", ""]]);
    let told = told(&canary, "watched");
    let [failed, [level, verdict, before, lasted]] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(failed, &["error", "provider_overloaded", "ok", ""]);
    assert_eq!([level, verdict, before], ["info", "ok", "provider_overloaded"]);
    assert!(lasted.parse::<f64>().unwrap() >= 1.0, "{lasted}");
    canary.wait_log(&["message=diagnosis", "see=docs/reasons.md#provider_overloaded"]).await;
}

/// A client that listens.
pub(crate) struct Listener {
    response: reqwest::Response,
    text: String,
}

impl Listener {
    pub(crate) async fn new(canary: &Canary) -> Self {
        let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        let url = format!("http://{}/api/v1/events", canary.address());
        let response = client.get(url).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event's name and data; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, serde_json::Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                if let Some((name, data)) = event.split_once('\n') {
                    let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
                    return Some((name.strip_prefix("event: ").unwrap().to_owned(), data));
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap().unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_sees_changes_until_the_program_ends() {
    let scene = Scene::new().await;
    let targets = [scene.target("watched", "api", "")];
    let options = "interval: 1s, diagnosis: { recover_after: 1, follow_ups: false }";
    let mut canary = Canary::start(&scene.config(options, &targets)).await;
    canary.wait_runs("watched", 1.0).await;
    let mut listener = Listener::new(&canary).await;
    let (name, state) = listener.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &state["target"], &state["verdict"]),
        ("state", &"watched".into(), &"ok".into())
    );
    scene.simulator.set_fault("api.sim.test", Fault::TlsExpired);
    let (name, change) = listener.next().await.unwrap();
    assert_eq!(name, "diagnosis");
    let told = ["target", "verdict", "layer", "blame", "before"].map(|field| change[field].as_str().unwrap());
    assert_eq!(told, ["watched", "tls_cert_expired", "tls", "provider", "ok"]);
    assert_eq!(change["degraded"], false);
    scene.simulator.clear_fault("api.sim.test");
    let (_, change) = listener.next().await.unwrap();
    assert_eq!((&change["verdict"], &change["before"]), (&"ok".into(), &"tls_cert_expired".into()));
    canary.signal("TERM");
    assert_eq!(listener.next().await, None);
    assert!(canary.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_watched_any_more_has_no_diagnosis() {
    let scene = Scene::new().await;
    let (kept, gone) = (scene.target("kept", "api", ""), scene.target("gone", "tls-expired", ""));
    let canary = Canary::start(&scene.config("interval: 1s", &[kept.clone(), gone])).await;
    for target in ["kept", "gone"] {
        canary.wait_runs(target, 1.0).await;
        assert!(verdict(&canary.samples().await, target).is_some());
    }
    let text = scene.text("interval: 1s", &[kept]);
    scene.workspace.write("config.yml", &format!("control: [\"http://127.0.0.1:1\"]\n{text}"));
    canary.signal("HUP");
    canary.wait_log(&["reloaded", "changed=1"]).await;
    canary.wait("its end", |now| verdict(now, "gone").is_none().then_some(())).await;
    let runs = canary.samples().await.one("probe_runs_total", &[("target", "kept")]).unwrap();
    let later = canary.wait_runs("kept", runs + 2.0).await;
    assert_eq!((verdict(&later, "gone"), verdict(&later, "kept").is_some()), (None, true));
    let (_, state) = Listener::new(&canary).await.next().await.unwrap();
    assert_eq!(state["target"], "kept");
    assert_eq!(told(&canary, "gone").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn experiments_are_made_after_a_failure_and_only_then() {
    let scene = Scene::new().await;
    let targets = [
        scene.target("well", "ok", ""),
        scene.target("cut", "tls-reset", ""),
        scene.target("left", "tls-eof", ", diagnosis: { follow_ups: false }"),
    ];
    let canary = Canary::start(&scene.config("interval: 1s", &targets)).await;
    let made = |samples: &Samples, experiment| {
        samples.one("api_canary_follow_ups_total", &[("experiment", experiment)]).unwrap()
    };
    let samples = canary.wait("a round", |now| (made(now, "neutral_name") >= 1.0).then(|| now.clone())).await;
    assert!(verdict(&samples, "cut").is_some());
    canary.wait_runs("cut", 4.0).await;
    let samples = canary.samples().await;
    assert!(
        (made(&samples, "neutral_name") - 1.0).abs() < 0.5,
        "of one target, and not again within a minute"
    );
    assert!(made(&samples, "idle_hold") < 0.5);
    assert_eq!(verdict(&samples, "well").unwrap()[0], "ok");
}
