//! What the first page costs with 500 targets: the time to make it, and its bytes as they are and compressed:
//! `cargo bench --bench pages`.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/harness.rs"]
mod harness;
#[path = "../shared/runs.rs"]
mod runs;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use api_canary::clock;
use api_canary::config::{Config, Env, Source};
use api_canary::diagnosis::{Case, Damper, New, infer};
use api_canary::history::History;
use api_canary::metrics::Metrics;
use api_canary::outcome::{Failure, Outcome, Reason, Run, Stage};
use api_canary::sinks::{Beside, Sinks};
use api_canary::target::Target;
use api_canary::web::{
    Around, Diagnosed, Diagnoser, OnDemand, Parts, Probed, Probes, Question, Refused, WebState, router,
};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::ServiceExt as _;

use harness::{Spread, cpu_time, is_smoke, micros_each};
use runs::run;

/// Time between two runs of a target.
const INTERVAL: Duration = Duration::from_secs(60);

/// So many targets fail: one of these.
const FAILING: u32 = 10;

/// Looks into nothing.
#[derive(Debug)]
struct Nobody;

impl Diagnoser for Nobody {
    fn diagnose(&self, _target: &str) -> BoxFuture<'static, Result<Arc<Diagnosed>, Refused>> {
        Box::pin(async { Err(Refused::Unknown) })
    }
}

impl OnDemand for Nobody {
    fn probe(&self, _: Question) -> BoxFuture<'_, Option<Probed>> {
        Box::pin(async { None })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (targets, runs_each, rounds) = if is_smoke() { (20, 3, 1) } else { (500, 120, 15) };
    let metrics = Arc::new(Metrics::new()?);
    let history = Arc::new(History::default());
    let sinks = Sinks::new(Arc::default(), Arc::clone(&history), Arc::clone(&metrics));
    let model = Config::load(&Source::Default, &Env::of::<&str, &str>([]))?.targets.remove(0);
    let began = clock::wall() - INTERVAL * runs_each;
    let watched: Vec<Arc<Target>> =
        (0..targets).map(|number| Arc::new(run(&model, number, began).0)).collect();
    sinks.knowledge().watch(&watched);
    for (number, target) in (0..).zip(&watched) {
        let mut damper = Damper::default();
        for time in 0..runs_each {
            let (_, mut found) = run(&model, number, began + INTERVAL * time);
            // One of so many fails in its last ten runs, and every target failed once, each at another time.
            if (number % FAILING == 0 && time + 10 >= runs_each) || time == number % runs_each {
                found.outcomes.iter_mut().map(Arc::make_mut).for_each(fail);
            }
            take_in(&sinks, target, found, &mut damper);
        }
    }
    let parts = Parts {
        metrics,
        readiness: Arc::default(),
        events: Arc::clone(sinks.events()),
        knowledge: Arc::clone(sinks.knowledge()),
        history,
        diagnoser: Arc::new(Nobody),
        probes: Probes { on_demand: Arc::new(Nobody), offset: Duration::ZERO },
        config: Arc::default(),
        around: Arc::new(Around::new(Env::of::<&str, &str>([]), Arc::default())),
        shards: Arc::default(),
    };
    let stop = watch::channel(false).0;
    let app = router(Arc::new(WebState::new(parts, stop.subscribe())));
    println!(
        "{targets} targets with 2 paths each, {runs_each} runs of each, one of {FAILING} fails; CPU, medians of \
         {rounds} rounds [least–greatest]"
    );
    for (what, encoding) in [("the first page", "identity"), ("the first page, gzip", "gzip")] {
        let mut took = Vec::new();
        let mut bytes = 0;
        for _ in 0..rounds {
            let request = Request::get("/").header(ACCEPT_ENCODING, encoding).body(Body::empty())?;
            let start = cpu_time();
            let answer = app.clone().oneshot(request).await?;
            let compressed = answer.headers().contains_key(CONTENT_ENCODING);
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            took.push(micros_each(cpu_time() - start, 1) / 1e3);
            if !status.is_success() || compressed != (encoding == "gzip") {
                return Err(format!("{what}: status {status}, compressed: {compressed}").into());
            }
            bytes = body.len();
        }
        let took = Spread::of(took);
        let size = f64::from(u32::try_from(bytes)?) / 1024.0;
        println!(
            "{what:<24} {:>8.2} ms [{:.2}–{:.2}] {size:>8.1} KiB",
            took.median, took.least, took.greatest
        );
    }
    Ok(())
}

/// Hands on a run as the engine does.
fn take_in(sinks: &Sinks, target: &Target, found: Run, damper: &mut Damper) {
    let found = Arc::new(found);
    let standing = sinks.stand(target, &found);
    let latest = sinks.latest(&target.name);
    let journeys: Vec<&Outcome> = latest.iter().map(Arc::as_ref).collect();
    let Some(first) = journeys.first() else { return };
    let diagnosis = infer(&Case {
        target,
        outcomes: &journeys,
        lookups: &found.lookups,
        findings: &found.findings,
        follow_ups: &[],
        endpoint: &first.endpoint,
        route: Some("direct"),
        neighbours: &[],
        lag: Duration::ZERO,
        late_runs: 0,
    });
    let now = Instant::now();
    let told = damper.note(diagnosis, None, New::Run, target.diagnosis, now);
    sinks.apply(target, &found, &standing, &Beside { diagnosis: Some(told), ..Beside::default() }, now);
}

/// Has the call of a journey fail.
fn fail(outcome: &mut Outcome) {
    let took = Duration::from_millis(40);
    let failure = Failure::new(Reason::ProviderOverloaded, "HTTP 529 overloaded_error: Overloaded");
    if let Some(evidence) = outcome.stages.api.evidence().cloned() {
        outcome.stages.api = Stage::Failed { took, failure, evidence };
    }
}
