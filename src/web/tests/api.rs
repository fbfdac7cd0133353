//! The JSON API: what it answers, and that its own description fits.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::*;
use crate::board::Board;
use crate::config::{Config, Env, Source, effective};
use crate::diagnosis::Language;
use crate::document::samples;
use crate::document::tests::misfit::misfit;
use crate::sinks::{Beside, Sinks};

#[path = "../../../tests/integration/openapi.rs"]
mod openapi;

/// Three targets, of which one works, one is degraded and one is down; and one that was not walked yet.
pub(super) fn watched(diagnoser: Arc<dyn Diagnoser>) -> Arc<WebState> {
    let metrics = Arc::new(Metrics::new().unwrap());
    let history = Arc::new(History::new(crate::history::Limits::default()));
    let sinks = Sinks::new(Arc::new(Board::default()), Arc::clone(&history), Arc::clone(&metrics));
    let found = samples::all();
    let mut fresh = (*found[0].target).clone();
    fresh.name = "fresh".into();
    let targets: Vec<_> =
        found.iter().map(|found| Arc::clone(&found.target)).chain([Arc::new(fresh)]).collect();
    sinks.knowledge().watch(&targets);
    for found in found {
        let standing = sinks.stand(&found.target, &found.run);
        let change = crate::diagnosis::Change { before: None, lasted: None };
        let beside = Beside {
            diagnosis: Some((found.diagnosis, Some(change))),
            follow_ups: found.follow_ups.into(),
            ..Beside::default()
        };
        sinks.apply(&found.target, &Arc::new(found.run), &standing, &beside, tokio::time::Instant::now());
    }
    let parts = Parts { metrics, history, knowledge: Arc::clone(sinks.knowledge()), diagnoser, ..parts() };
    Arc::new(WebState::new(parts, watch::channel(false).1))
}

/// Answers the same whoever is asked for.
#[derive(Debug)]
struct Scripted(Result<Arc<Diagnosed>, Refused>);

impl Diagnoser for Scripted {
    fn diagnose(&self, _target: &str) -> BoxFuture<'static, Result<Arc<Diagnosed>, Refused>> {
        let answer = self.0.clone();
        Box::pin(async move { answer })
    }
}

/// Status, headers and document of an answer, which is as the API's own description says.
async fn ask_api(
    state: &Arc<WebState>,
    method: &str,
    template: &str,
    path: &str,
) -> (u16, http::HeaderMap, Value) {
    let (_, _, description) = get(state, "/api/v1/openapi.json", &[]).await;
    let description: Value = serde_json::from_slice(&description).unwrap();
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (parts, body) = ask(state, request).await.into_parts();
    let status = parts.status.as_u16();
    let body: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    let schema = openapi::schema(&description, template, &method.to_lowercase(), status);
    assert_eq!(misfit(&body, &schema, path), None);
    let kind = if status == 200 { "application/json" } else { "application/problem+json" };
    assert_eq!(parts.headers["content-type"], kind, "{path}");
    assert_eq!(
        (&parts.headers["cache-control"], &parts.headers["x-content-type-options"]),
        (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
    );
    (status, parts.headers, body)
}

fn names(list: &Value) -> Vec<&str> {
    list["targets"].as_array().unwrap().iter().map(|target| target["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_target_is_listed_with_how_it_stands() {
    let state = watched(Arc::new(Nobody));
    let all = "/api/v1/targets";
    let (_, _, list) = ask_api(&state, "GET", all, all).await;
    assert_eq!(names(&list).len(), 4);
    assert_eq!(list["counts"], serde_json::json!({"down": 1, "degraded": 1, "unknown": 1, "ok": 1}));
    for (wanted, count) in [("down", 1), ("degraded", 1), ("unknown", 1), ("ok", 1)] {
        let (_, _, some) = ask_api(&state, "GET", all, &format!("{all}?state={wanted}")).await;
        assert_eq!(names(&some).len(), count);
        assert_eq!((&some["targets"][0]["state"], &some["counts"]), (&Value::from(wanted), &list["counts"]));
    }
    let (_, _, fresh) = ask_api(&state, "GET", all, "/api/v1/targets?state=unknown").await;
    let fresh = &fresh["targets"][0];
    assert_eq!(fresh["name"], "fresh");
    for key in ["verdict", "layer", "summary", "since", "last_run", "certificate", "preferred_route"] {
        assert_eq!(fresh[key], Value::Null, "{key}");
    }
    let (_, _, down) = ask_api(&state, "GET", all, "/api/v1/targets?state=down&lang=zh").await;
    let down = &down["targets"][0];
    assert_eq!((&down["verdict"], &down["layer"]), (&"tls_sni_filtered".into(), &"tls".into()));
    assert!(!down["summary"].as_str().unwrap().is_ascii(), "it is told in Chinese: {down}");
}

#[tokio::test]
async fn one_target_is_told_with_all_that_is_known_of_it() {
    let state = watched(Arc::new(Nobody));
    let template = "/api/v1/targets/{name}";
    for language in Language::ALL {
        for name in ["api.anthropic.com", "gateway.example.com", "api.openai.com", "fresh"] {
            let path = format!("/api/v1/targets/{name}?lang={language}");
            let (status, _, detail) = ask_api(&state, "GET", template, &path).await;
            assert_eq!((status, &detail["name"]), (200, &Value::from(name)));
        }
    }
    let (_, _, detail) = ask_api(&state, "GET", template, "/api/v1/targets/api%2Eopenai.com").await;
    let count = |key: &str| detail[key].as_array().unwrap().len();
    assert_eq!((count("followups"), count("paths"), count("turns"), count("journeys")), (9, 1, 1, 1));
    assert!(count("evidence") > 0 && count("ruled_out") > 0 && count("resolvers") > 1, "{detail}");
    let (_, _, healthy) = ask_api(&state, "GET", template, "/api/v1/targets/api.anthropic.com").await;
    assert_eq!(healthy["certificate"]["not_after"], "2026-11-18T11:06:40Z");
    assert_eq!(healthy["certificates"].as_array().unwrap().len(), 1);
    assert_eq!(healthy["summary"], "Every path works from end to end.");
}

#[tokio::test]
async fn past_journeys_are_told_from_a_time_on_and_so_many() {
    let state = watched(Arc::new(Nobody));
    let template = "/api/v1/targets/{name}/journeys";
    let count = async |query: &str| {
        let path = format!("/api/v1/targets/gateway.example.com/journeys{query}");
        let (_, _, body) = ask_api(&state, "GET", template, &path).await;
        body["journeys"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("?limit=2").await, 2);
    assert_eq!(count("?since=2026-09-21T14:13:20Z").await, 3);
    assert_eq!(count("?since=2026-09-21T16:13:20%2B02:00").await, 3);
    assert_eq!(count("?since=1790000000").await, 3);
    assert_eq!(count("?since=1790000001").await, 0);
    assert_eq!(count("?lang=zh&since=2026-09-21T14:13:21Z").await, 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_with_what_to_write() {
    let state = watched(Arc::new(Nobody));
    let (all, one) = ("/api/v1/targets", "/api/v1/targets/{name}");
    let journeys = "/api/v1/targets/{name}/journeys";
    for (template, path, status, words) in [
        (all, "/api/v1/targets?state=bad", 400, vec!["state=\"bad\"", "down, degraded, unknown, ok"]),
        (all, "/api/v1/targets?sate=down", 400, vec!["\"sate\"", "did you mean `state`?"]),
        (all, "/api/v1/targets?state=down&state=ok", 400, vec!["state is given twice"]),
        (all, "/api/v1/targets?lang=fr", 400, vec!["lang=\"fr\"", "en, zh"]),
        (all, "/api/v1/targets?lang=%ff", 400, vec!["lang=", "en, zh"]),
        (one, "/api/v1/targets/nobody", 404, vec!["no target \"nobody\"", "/api/v1/targets"]),
        (one, "/api/v1/targets/a%2Fb", 404, vec!["no target \"a/b\""]),
        (one, "/api/v1/targets/%FF", 404, vec!["UTF-8"]),
        (one, "/api/v1/targets/%3Cb%3E%0A", 404, vec!["<b>\\n"]),
        (journeys, "/api/v1/targets/nobody/journeys?limit=0", 404, vec!["no target"]),
        (journeys, "/api/v1/targets/fresh/journeys?limit=0", 400, vec!["limit=\"0\"", "from 1 to 1000"]),
        (journeys, "/api/v1/targets/fresh/journeys?limit=1001", 400, vec!["from 1 to 1000"]),
        (journeys, "/api/v1/targets/fresh/journeys?limit=%2B5", 400, vec!["from 1 to 1000"]),
        (journeys, "/api/v1/targets/fresh/journeys?limit=", 400, vec!["from 1 to 1000"]),
        (
            journeys,
            "/api/v1/targets/fresh/journeys?since=yesterday",
            400,
            vec!["RFC 3339", "2026-11-23T06:00:00Z"],
        ),
    ] {
        let (found, _, problem) = ask_api(&state, "GET", template, path).await;
        assert_eq!((found, problem["status"].as_u64()), (status, Some(status.into())), "{path}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(words.iter().all(|word| detail.contains(word)), "{path}: {detail}");
    }
    for path in ["/api/", "/api/v1/nothing", "/api/v2/targets"] {
        let (status, headers, _) = get(&state, path, &[]).await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (404, "application/problem+json"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_look_is_answered_as_diagnose_prints_it() {
    let found = [samples::all().pop().unwrap()];
    let diagnosed = Diagnosed { found, surroundings: samples::surroundings() };
    let state = watched(Arc::new(Scripted(Ok(Arc::new(diagnosed)))));
    let (status, _, document) =
        ask_api(&state, "POST", "/api/v1/diagnose/{name}", "/api/v1/diagnose/x").await;
    assert_eq!((status, &document["exit_code"]), (200, &13.into()));
    assert_eq!(document["targets"][0]["verdict"], "tls_sni_filtered");
    let text = document.to_string();
    assert!(text.contains("http://proxy.corp.internal:3128") && !text.contains("hunter2"), "{text}");
    let request = Request::get("/api/v1/diagnose/x").body(Body::empty()).unwrap();
    let response = ask(&state, request).await;
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

#[tokio::test]
async fn who_cannot_be_served_now_is_told_when_to_come_back() {
    for (refused, status, wait) in [
        (Refused::Unknown, 404, None),
        (Refused::TooSoon(Duration::from_millis(2_300)), 429, Some("3")),
        (Refused::TooSoon(Duration::from_micros(1)), 429, Some("1")),
        (Refused::Busy(2), 503, Some("5")),
        (Refused::Stopping, 503, Some("5")),
        (Refused::Failed("its key cannot be read".to_owned()), 500, None),
    ] {
        let state = watched(Arc::new(Scripted(Err(refused.clone()))));
        let template = "/api/v1/diagnose/{name}";
        let (found, headers, _) = ask_api(&state, "POST", template, "/api/v1/diagnose/x").await;
        let told = headers.get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((found, told), (status, wait), "{refused:?}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_cannot_have_a_look_taken() {
    let state = watched(Arc::new(Scripted(Err(Refused::Busy(2)))));
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 503), ("none", 503)] {
        let request = Request::post("/api/v1/diagnose/x").header("sec-fetch-site", site);
        assert_eq!(
            ask(&state, request.body(Body::empty()).unwrap()).await.status().as_u16(),
            status,
            "{site}"
        );
    }
    // What a browser sends to a server without TLS.
    for (origin, forwarded, status) in [
        ("http://evil.example", None, 403),
        ("http://canary.example", None, 403),
        ("http://canary.example:10429.evil.example", None, 403),
        ("null", None, 403),
        ("", None, 403),
        ("http://Canary.example:10429", None, 503),
        ("https://status.example", Some("status.example"), 503),
    ] {
        let mut request = Request::post("/api/v1/diagnose/x")
            .header("host", "canary.example:10429")
            .header("origin", origin);
        if let Some(host) = forwarded {
            request = request.header("x-forwarded-host", host);
        }
        let answer = ask(&state, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status().as_u16(), status, "{origin:?}");
    }
}

#[tokio::test]
async fn the_config_in_force_is_shown() {
    let state = state();
    let config = Config::load(&Source::Default, &Env::of::<&str, &str>([])).unwrap();
    let shown = effective(&config);
    state.config.set(config);
    let (status, headers, body) = get(&state, "/config", &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/yaml"));
    assert_eq!(String::from_utf8(body).unwrap(), shown);
    assert_eq!(headers["cache-control"], "no-store");
}
