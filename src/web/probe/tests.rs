//! `/probe` asked without a socket: what it refuses, what it answers, and how it is written.

use axum::http::HeaderMap;
use axum::http::Uri;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use tokio::sync::watch;

use super::*;
use crate::board::Board;
use crate::config::{Config, Env, Source};
use crate::history::History;
use crate::metrics::{CallState, Metrics};
use crate::outcome::{Failure, Family, PathId, Reason, Stage, sample};
use crate::sinks::{Beside, Sinks};
use crate::target::Target;
use crate::web::{Parts, Readiness};

/// Answers with a run, or never.
#[derive(Debug)]
enum Desk {
    Knows(Arc<Run>),
    Hangs,
    IsGone,
}

impl OnDemand for Desk {
    fn probe(&self, _: Question) -> BoxFuture<'_, Option<Probed>> {
        match self {
            Self::Knows(run) => {
                let probed = Probed { run: Arc::clone(run), over: Instant::now() };
                Box::pin(async { Some(probed) })
            }
            Self::Hangs => Box::pin(std::future::pending()),
            Self::IsGone => Box::pin(async { None }),
        }
    }
}

fn target() -> Arc<Target> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    let text = "targets: [{ name: t, provider: http, url: 'https://api.example.com', timeout: 2s, \
                routes: [direct, env], http: { headers: { x-token: very-secret } } }]\n";
    std::fs::write(&file, text).unwrap();
    Config::load(&Source::File(file), &Env::of::<&str, &str>([])).unwrap().targets.remove(0)
}

fn run(change: impl Fn(&mut Outcome)) -> Arc<Run> {
    let journeys = [("env", Family::Ipv4), ("direct", Family::Ipv6), ("direct", Family::Ipv4)];
    let outcomes = journeys.map(|(route, family)| {
        let mut outcome = sample::good(&PathId { target: "t".into(), route: route.into(), family });
        change(&mut outcome);
        Arc::new(outcome)
    });
    Arc::new(Run { outcomes: outcomes.into(), ..Run::of("t".into()) })
}

/// The state of a program that knows the target, and that its client takes this route.
fn state(desk: Desk, last: Option<&Arc<Run>>) -> Arc<WebState> {
    let metrics = Arc::new(Metrics::new().unwrap());
    let sinks = Sinks::new(Arc::new(Board::default()), Arc::new(History::default()), Arc::clone(&metrics));
    let target = target();
    sinks.knowledge().watch([&target]);
    if let Some(run) = last {
        let standing = sinks.stand(&target, run);
        let beside = Beside { call: CallState::default(), ..Beside::default() };
        sinks.apply(&target, run, &standing, &beside, Instant::now());
    }
    let parts = Parts {
        metrics,
        readiness: Arc::new(Readiness::new()),
        events: Arc::clone(sinks.events()),
        knowledge: Arc::clone(sinks.knowledge()),
        history: Arc::default(),
        probes: Probes { on_demand: Arc::new(desk), offset: Duration::from_millis(500) },
        ..crate::web::tests::parts()
    };
    Arc::new(WebState::new(parts, watch::channel(false).1))
}

async fn ask(state: &Arc<WebState>, query: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let uri: Uri = format!("http://x/probe?{query}").parse().unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    let query = Query::try_from_uri(&uri);
    let response = probe(State(Arc::clone(state)), query, map).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn the_path_is_that_of_a_client_or_the_one_asked_for() {
    let good = run(|_| {});
    let state = state(Desk::Knows(Arc::clone(&good)), Some(&good));
    for (query, route, family) in [
        ("target=t", "direct", "ipv4"),
        ("target=t&family=ipv6", "direct", "ipv6"),
        ("target=t&route=env", "env", "ipv4"),
        ("target=t&route=&family=", "direct", "ipv4"),
    ] {
        let (status, _, text) = ask(&state, query, &[]).await;
        assert_eq!(status, 200);
        let path = format!(
            "probe_path_info{{endpoint=\"https://api.example.com/\",route=\"{route}\",family=\"{family}\"}} 1\n"
        );
        assert!(text.contains(&path), "{query}: {text}");
    }
}

#[tokio::test]
async fn what_is_unknown_is_refused_with_what_there_is() {
    let good = run(|_| {});
    let state = state(Desk::Knows(Arc::clone(&good)), None);
    for (query, words) in [
        ("", "400: the parameter `target` is missing"),
        ("target=x", "400: unknown target \"x\""),
        ("target=https://evil.example/", "400: unknown target \"https://evil.example/\""),
        ("target=t&module=icmp", "400: unknown module \"icmp\""),
        ("target=t&route=corp", "400: unknown route \"corp\": t is probed on direct, env"),
        ("target=t&family=ipx", "400: unknown family \"ipx\""),
        ("target=t&family=any", "400: t is not probed over any on the route direct: there are"),
    ] {
        let (status, _, text) = ask(&state, query, &[]).await;
        assert_eq!(status, 400, "{query}: {text}");
        assert!(text.starts_with(words), "{query}: {text}");
    }
    let (status, _, text) = ask(&state, "target=t", &[(SCRAPE_TIMEOUT, "soon")]).await;
    assert_eq!(status, 400, "{text}");
}

#[tokio::test]
async fn a_module_whose_layer_the_path_does_not_have_is_refused() {
    let bare = run(|outcome| {
        outcome.stages.dns = Stage::NotPlanned;
        outcome.stages.tls = Stage::NotPlanned;
    });
    let state = state(Desk::Knows(bare), None);
    for (module, status) in [("dns", 400), ("tls", 400), ("tcp", 200), ("api", 200)] {
        let (said, _, text) = ask(&state, &format!("target=t&module={module}"), &[]).await;
        assert_eq!(said, status, "{module}: {text}");
    }
}

#[tokio::test]
async fn a_layer_that_fails_fails_the_modules_that_reach_it_and_no_others() {
    let broken = run(|outcome| {
        let evidence = sample::tls();
        let failure = Failure::new(Reason::TlsCertExpired, "words");
        outcome.stages.tls = Stage::Failed { took: Duration::from_millis(1), failure, evidence };
        outcome.stages.api = Stage::NotReached;
    });
    let state = state(Desk::Knows(broken), None);
    for (module, success) in [("dns", 1), ("tcp", 1), ("tls", 0), ("api", 0), ("all", 0)] {
        let (status, _, text) = ask(&state, &format!("target=t&module={module}"), &[]).await;
        assert_eq!(status, 200);
        assert!(text.contains(&format!("\nprobe_success {success}\n")), "{module}: {text}");
        let failure =
            "\nprobe_failure_info{layer=\"tls\",reason=\"tls_cert_expired\",blame=\"provider\"} 1\n";
        assert_eq!(text.contains(failure), success == 0, "{module}: {text}");
        let certificate = text.contains("\nprobe_ssl_earliest_cert_expiry 1800000000\n");
        assert_eq!(certificate, success == 0, "{module}: {text}");
    }
}

#[tokio::test]
async fn a_call_that_was_not_due_has_no_answer_and_is_no_failure() {
    let idle = run(|outcome| outcome.stages.api = Stage::NotPlanned);
    let state = state(Desk::Knows(idle), None);
    let (_, _, text) = ask(&state, "target=t", &[]).await;
    assert!(text.contains("\nprobe_success 1\n") && !text.contains("probe_http_status_code"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_in_time_is_a_probe_that_failed() {
    let state = state(Desk::Hangs, None);
    for (headers, budget, waited) in [
        (&[][..], 2.0, 3.0),
        (&[(SCRAPE_TIMEOUT, "1.5")], 1.0, 1.0),
        (&[(SCRAPE_TIMEOUT, "3")], 2.0, 2.5),
        (&[(SCRAPE_TIMEOUT, "60")], 2.0, 3.0),
    ] {
        let start = Instant::now();
        let (status, _, text) = ask(&state, "target=t", headers).await;
        assert_eq!(status, 200);
        assert!((start.elapsed().as_secs_f64() - waited).abs() < 0.1, "{headers:?}: {:?}", start.elapsed());
        for line in ["probe_success 0", "probe_timed_out 1", &format!("probe_timeout_seconds {budget}")] {
            assert!(text.lines().any(|known| known == line), "{line}: {text}");
        }
        assert!(!text.contains("probe_result_age_seconds") && !text.contains("probe_http"), "{text}");
    }
}

#[tokio::test]
async fn a_target_that_leaves_meanwhile_is_neither_up_nor_down() {
    let (status, _, text) = ask(&state(Desk::IsGone, None), "target=t", &[]).await;
    assert_eq!((status, text.as_str()), (503, GONE));
}

#[tokio::test]
async fn the_format_is_the_one_asked_for() {
    let state = state(Desk::Knows(run(|_| {})), None);
    let (_, headers, text) = ask(&state, "target=t", &[]).await;
    assert_eq!(headers[CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    assert!(!text.contains("# EOF"));
    let (_, headers, text) = ask(&state, "target=t", &[("accept", "application/openmetrics-text")]).await;
    assert_eq!(headers[CONTENT_TYPE], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(text.ends_with("\n# EOF\n"));
}

#[tokio::test]
async fn debug_tells_the_story_and_no_secret() {
    let broken = run(|outcome| {
        let evidence = crate::outcome::TcpEvidence::default();
        let failure = Failure::new(Reason::TcpRefused, "192.0.2.1:443: connection refused");
        outcome.stages.tcp = Stage::Failed { took: Duration::from_millis(1), failure, evidence };
        (outcome.stages.tls, outcome.stages.api) = (Stage::NotReached, Stage::NotReached);
    });
    let state = state(Desk::Knows(broken), None);
    let (status, headers, text) = ask(&state, "target=t&debug=true", &[]).await;
    assert_eq!((status, &headers[CONTENT_TYPE]), (200, &PLAIN.parse().unwrap()));
    for part in [
        "Logs for the probe:\n",
        "  dns   passed",
        "  tcp   FAILED, 0.001000 s: 192.0.2.1:443: connection refused\n",
        "  api   not reached\n",
        "Probe failed: tcp: tcp_refused (",
        "who must act: network\n",
        "\nMetrics that would have been returned:\n# HELP probe_success ",
        "\nTarget configuration:\n  - name: t\n",
        "x-token: \"[redacted]\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("very-secret"), "{text}");
}

#[test]
fn every_gauge_is_documented() {
    let doc = include_str!("../../../docs/blackbox.md");
    for gauge in names::ALL {
        assert!(
            doc.contains(&format!("`{}`", gauge.name)) || doc.contains(&format!("`{}{{", gauge.name)),
            "{}",
            gauge.name
        );
    }
}
