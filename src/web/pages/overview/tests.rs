//! The first page as it comes, of targets in every state.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::config::{Config, Env, Source};
use crate::diagnosis::{Change, Diagnosis, Facts, Say, Seen, Verdict};
use crate::metrics::Metrics;
use crate::outcome::{Failure, Family, Outcome, Reason, Run, Stage, sample};
use crate::sinks::{Beside, Sinks};
use crate::target::Target;
use crate::web::{Parts, WebState, router};

/// What is written by a stranger.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

/// A server of pages, and what they are made of.
struct Scene {
    state: Arc<WebState>,
    sinks: Sinks,
    targets: Vec<Arc<Target>>,
}

impl Scene {
    fn new(names: &[&str]) -> Self {
        let targets: Vec<String> = names
            .iter()
            .map(|name| {
                format!("  - {{ name: {name}, provider: http, url: \"https://api.example.com/\" }}\n")
            })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yml");
        std::fs::write(&path, format!("targets:\n{}", targets.concat())).unwrap();
        let targets = Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap().targets;
        Self::of(targets)
    }

    fn of(targets: Vec<Arc<Target>>) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let history = Arc::default();
        let sinks = Sinks::new(Arc::default(), Arc::clone(&history), Arc::clone(&metrics));
        sinks.knowledge().watch(&targets);
        let parts = Parts {
            metrics,
            readiness: Arc::default(),
            events: Arc::clone(sinks.events()),
            knowledge: Arc::clone(sinks.knowledge()),
            history,
            ..crate::web::tests::parts()
        };
        let state = Arc::new(WebState::new(parts, watch::channel(false).1));
        Self { state, sinks, targets }
    }

    /// A run of a target with these journeys, after which this is told of it.
    fn run(&self, name: &str, outcomes: Vec<Outcome>, verdict: Verdict, detail: &str) {
        let target = self.targets.iter().find(|target| &*target.name == name).unwrap();
        let outcomes = outcomes.into_iter().map(Arc::new).collect();
        let run = Arc::new(Run { outcomes, ..Run::of(name.into()) });
        let first = run.outcomes.first();
        let seen = first.map(|outcome| Seen {
            endpoint: Arc::clone(&outcome.endpoint),
            route: Arc::clone(&outcome.path.route),
            family: outcome.path.family,
        });
        let diagnosis = Diagnosis {
            target: name.into(),
            verdict,
            layer: verdict.reason().map(Reason::layer),
            blame: verdict.reason().map(Reason::blame),
            seen: seen.filter(|_| verdict != Verdict::Ok),
            evidence: vec![Say::Detail(detail.to_owned())],
            ruled_out: Vec::new(),
            findings: Vec::new(),
            facts: Facts { host: Some(detail.to_owned()), ..Facts::default() },
        };
        let change = Some(Change { before: None, lasted: None });
        let beside = Beside { diagnosis: Some((diagnosis, change)), ..Beside::default() };
        let standing = self.sinks.stand(target, &run);
        self.sinks.apply(target, &run, &standing, &beside, Instant::now());
    }

    /// Status and text of a page.
    async fn get(&self, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(Arc::clone(&self.state)).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.into()).unwrap())
    }

    async fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path).await;
        assert_eq!(status, 200, "{page}");
        page
    }
}

/// A journey just now: of an endpoint that is the target's.
fn good(name: &str, family: Family) -> Outcome {
    Outcome { started: crate::clock::wall(), ..sample::good(&sample::path(name, "direct", family)) }
}

/// One that fails in TLS.
fn bad(name: &str, detail: &str) -> Outcome {
    let mut outcome = good(name, Family::Ipv4);
    let failure = Failure::new(Reason::TlsTimeout, detail);
    outcome.stages.tls = Stage::Failed { took: Duration::from_secs(3), failure, evidence: sample::tls() };
    outcome.stages.api = Stage::NotReached;
    outcome
}

const TIMEOUT: Verdict = Verdict::Down(Reason::TlsTimeout);

/// One target in every state.
fn every_state() -> Scene {
    let scene = Scene::new(&["a-ok", "b-new", "c-degraded", "d-down"]);
    scene.run("a-ok", vec![good("a-ok", Family::Ipv4), good("a-ok", Family::Ipv6)], Verdict::Ok, "");
    let slow = Verdict::Degraded(Reason::HttpSlow);
    scene.run("c-degraded", vec![good("c-degraded", Family::Ipv4)], slow, "slow");
    scene.run("d-down", vec![bad("d-down", "no answer in 3 s")], TIMEOUT, "no answer in 3 s");
    scene
}

/// What stands between the first of one text and the next of another.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let rest = page.split_once(from).unwrap_or_else(|| panic!("{from:?} in {page}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to:?} after {from:?}")).0
}

/// The targets on a page, in their order, and whether each is shown.
fn shown(page: &str) -> Vec<(String, bool)> {
    let items = page.split("<li data-target=\"").skip(1);
    items
        .map(|item| {
            (between(item, "", "\"").to_owned(), !item.split_once('>').unwrap().0.ends_with(" hidden"))
        })
        .collect()
}

fn card<'a>(page: &'a str, name: &str) -> &'a str {
    let rest = page.split_once(&format!("<li data-target=\"{name}\"")).unwrap().1;
    rest.split("<li data-target").next().unwrap()
}

#[tokio::test]
async fn the_worst_comes_first_and_says_who_must_do_what() {
    let scene = every_state();
    let page = scene.page("/").await;
    let names: Vec<String> = shown(&page).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["d-down", "c-degraded", "b-new", "a-ok"]);
    assert!(page.contains("<title>1 down · api-canary</title>"));
    assert_eq!(between(&page, "<h1 id=\"headline\">", "<"), "1 of 4 targets down");
    for state in ["down", "degraded", "unknown", "ok"] {
        assert_eq!(between(&page, &format!("data-count=\"{state}\">"), "<"), "1");
    }
    let down = card(&page, "d-down");
    let reason = Reason::TlsTimeout;
    for part in [
        "data-state=\"down\"",
        "href=\"targets/d-down\"",
        crate::diagnosis::summary(reason, crate::diagnosis::Language::English),
        "href=\"docs/reasons.md#tls_timeout\"",
        crate::diagnosis::blame(reason.blame(), crate::diagnosis::Language::English),
        "no answer in 3 s",
        "<li data-layer=\"dns\" data-state=\"passed\"><b>DNS</b> <span>3 ms</span>",
        "<li data-layer=\"proxy\" data-state=\"not_planned\">",
        "<li data-layer=\"tls\" data-state=\"failed\"><b>TLS</b> <span>3.0 s</span>",
        "<li data-layer=\"api\" data-state=\"not_reached\">",
        ", mostly TLS: tls_timeout<",
        "<rect class=\"tls\"",
        "<time datetime=\"20",
    ] {
        assert!(down.contains(part), "{part} in {down}");
    }
    assert!(down.contains("<div class=\"remedy\">") && down.contains("<code>openssl s_client "), "{down}");
    let works = card(&page, "a-ok");
    for part in
        ["class=\"sparkline\"", "0 of 1 runs failed", "IPv6", "<th scope=\"col\">", "1\u{202f}000 left"]
    {
        assert!(works.contains(part), "{part} in {works}");
    }
    assert!(!works.contains("class=\"remedy\"") && !works.contains("class=\"who\""));
    assert!(card(&page, "b-new").contains("Nothing is known yet"));
}

#[tokio::test]
async fn the_page_is_in_the_language_asked_for_and_its_links_keep_it() {
    let page = every_state().page("/?lang=zh").await;
    assert!(page.contains("<html lang=\"zh\">"));
    assert_eq!(between(&page, "<h1 id=\"headline\">", "<"), "4 个目标中有 1 个故障");
    let down = card(&page, "d-down");
    for part in ["应由谁处理", "处理办法", "未到达", "href=\"targets/d-down?lang=zh\""] {
        assert!(down.contains(part), "{part} in {down}");
    }
    assert!(page.contains("<input type=\"hidden\" name=\"lang\" value=\"zh\">"));
}

#[tokio::test]
async fn a_search_works_without_a_script() {
    let scene = every_state();
    for (query, expected) in [
        ("", &["d-down", "c-degraded", "b-new", "a-ok"][..]),
        ("?state=down&state=ok", &["d-down", "a-ok"]),
        ("?q=TLS_timeout", &["d-down"]),
        ("?q=a-ok&state=down", &[]),
        ("?q=http", &["d-down", "c-degraded", "b-new", "a-ok"]),
        ("?q=%3Cscript%3E", &[]),
    ] {
        let page = scene.page(&format!("/{query}")).await;
        let all = shown(&page);
        let found: Vec<&str> = all.iter().filter(|(_, shown)| *shown).map(|(name, _)| &**name).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(all.len(), 4, "a script shows the others");
        assert_eq!(page.contains("<p id=\"nothing\" hidden>"), !expected.is_empty(), "{query}");
        assert!(!page.contains("<script>"), "{query}");
    }
    let page = scene.page("/?q=a%22b&state=down").await;
    assert!(page.contains("value=\"a&#34;b\""), "what was typed stays");
    assert_eq!(page.matches(" checked").count(), 1);
}

#[tokio::test]
async fn what_strangers_write_is_text() {
    let tame = Scene::new(&["t"]).targets.remove(0);
    let scene = Scene::of(vec![Arc::new(Target { name: HOSTILE.into(), ..(*tame).clone() })]);
    let mut outcome = bad(HOSTILE, HOSTILE);
    outcome.endpoint = HOSTILE.into();
    outcome.path.route = HOSTILE.into();
    scene.run(HOSTILE, vec![outcome.clone(), outcome], TIMEOUT, HOSTILE);
    let (_, fragments) = scene.get("/cards?names=%3Cscript%3E").await;
    for page in [scene.page("/").await, fragments] {
        for piece in ["<script>", "<img", "\"'&"] {
            assert!(!page.contains(piece), "{piece} in {page}");
        }
    }
    assert!(scene.page("/").await.matches("alert(1)").count() >= 5, "but it is shown");
}

#[tokio::test]
async fn ids_are_there_once_and_nothing_is_inline() {
    let page = every_state().page("/").await;
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| between(rest, "", "\"")).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for inline in [" style=", " onclick=", "javascript:", "http://", "//"] {
        assert!(!page.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn cards_come_by_name_and_those_that_are_no_more_do_not_come() {
    let scene = every_state();
    let page = scene.page("/cards?names=d-down,gone,a-ok").await;
    let names: Vec<String> = shown(&page).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["d-down", "a-ok"]);
    let whole = scene.page("/").await;
    assert_eq!(card(&page, "d-down").trim_end(), card(&whole, "d-down").trim_end(), "as on the page");
    let brief = scene.page("/cards?brief=a-ok,d-down").await;
    assert!(!card(&brief, "a-ok").contains("ladder") && card(&brief, "d-down").contains("ladder"));
    let many = vec!["x"; 51].join(",");
    for query in ["", "?names=", &format!("?names={many}")] {
        assert_eq!(scene.get(&format!("/cards{query}")).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_hundreds_stays_small() {
    let names: Vec<String> = (0..500).map(|number| format!("target-{number}")).collect();
    let scene = Scene::new(&names.iter().map(|name| &**name).collect::<Vec<_>>());
    for name in &names {
        scene.run(name, vec![good(name, Family::Ipv4), good(name, Family::Ipv6)], Verdict::Ok, "");
    }
    let page = scene.page("/").await;
    assert_eq!(shown(&page).len(), 500);
    assert!(page.len() < 700_000, "{}", page.len());
    assert!(!page.contains("class=\"ladder\""), "what is behind a line is asked for when it is opened");
}
