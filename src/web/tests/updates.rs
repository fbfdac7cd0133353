//! The stream that pages listen to.

use futures_util::StreamExt as _;
use http_body_util::BodyStream;

use super::events::{RESET, tell, told};
use super::*;
use crate::config::{Config, Env, Source};
use crate::diagnosis::Verdict;
use crate::sinks::Sinks;
use crate::target::Target;

/// Targets with these names.
fn targets(names: &[&str]) -> Vec<Arc<Target>> {
    let line =
        |name: &&str| format!("  - {{ name: {name}, provider: http, url: \"https://api.example.com/\" }}\n");
    let lines: Vec<String> = names.iter().map(line).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.yml");
    std::fs::write(&path, format!("targets:\n{}", lines.concat())).unwrap();
    Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap().targets
}

fn scene(names: &[&str]) -> (Arc<WebState>, Sinks, watch::Sender<bool>) {
    let (state, sinks, stop) = told();
    sinks.knowledge().watch(&targets(names));
    (state, sinks, stop)
}

type Stream = BodyStream<Body>;

async fn listen(state: &Arc<WebState>, query: &str, headers: &[(&str, &str)]) -> Stream {
    let request = Request::get(format!("/api/v1/events?updates=1{query}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = ask(state, request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    BodyStream::new(response.into_body())
}

/// The next event: its name, its mark and its data.
async fn next(stream: &mut Stream) -> Option<(String, String, serde_json::Value)> {
    let frame = stream.next().await?.unwrap().into_data().unwrap();
    let text = String::from_utf8(frame.into()).unwrap();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default().to_owned()
    };
    Some((field("event"), field("id"), serde_json::from_str(&field("data")).unwrap()))
}

/// The targets of the next event, and those that are gone.
async fn changed(stream: &mut Stream) -> [serde_json::Value; 2] {
    let (name, _, mut data) = next(stream).await.unwrap();
    assert_eq!(name, "updated");
    [data["targets"].take(), data["gone"].take()]
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_together_once_a_second_at_the_most() {
    let (state, sinks, stop) = scene(&["a", "b", "c"]);
    let mut stream = listen(&state, "", &[]).await;
    let (name, id, data) = next(&mut stream).await.unwrap();
    assert_eq!(name, "updated");
    assert_eq!((&data["targets"], &data["all"]), (&serde_json::json!(["a", "b", "c"]), &data["targets"]));
    assert_eq!(id, data["id"].as_str().unwrap());
    assert!(id.ends_with(&format!("-{}", data["revision"])));

    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        tell(&sinks, "a", RESET, None);
        tell(&sinks, "c", RESET, None);
    }
    assert_eq!(changed(&mut stream).await, [serde_json::json!(["a", "c"]), serde_json::json!([])]);
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    tell(&sinks, "b", Verdict::Ok, Some(RESET));
    sinks.knowledge().watch(&targets(&["a", "b"]));
    assert_eq!(changed(&mut stream).await, [serde_json::json!(["b"]), serde_json::json!(["c"])]);
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    // Nothing happens: the stream shows that it goes on, as a script can see it.
    assert_eq!(next(&mut stream).await.unwrap().0, "alive");
    assert_eq!(begun.elapsed(), Duration::from_secs(17));
    stop.send(true).unwrap();
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_comes_back_goes_on_from_its_mark() {
    let (state, sinks, _stop) = scene(&["a", "b"]);
    let (_, id, _) = next(&mut listen(&state, "", &[]).await).await.unwrap();
    tell(&sinks, "b", RESET, None);
    let only_b = [serde_json::json!(["b"]), serde_json::json!([])];
    let both = [serde_json::json!(["a", "b"]), serde_json::json!([])];
    let newer = next(&mut listen(&state, "", &[]).await).await.unwrap().1;
    for (query, header, expected) in [
        (String::new(), Some(&id), &only_b),
        (format!("&since={id}"), None, &only_b),
        // The mark of the stream is newer than that of the page.
        (format!("&since={newer}"), Some(&id), &only_b),
        // Before a restart, revisions were others; and what is no mark is none.
        ("&since=4dac0ffee-1".to_owned(), None, &both),
        ("&since=7".to_owned(), None, &both),
        ("&since=%00-x".to_owned(), None, &both),
    ] {
        let headers: Vec<_> = header.iter().map(|id| ("last-event-id", id.as_str())).collect();
        assert_eq!(
            &changed(&mut listen(&state, &query, &headers).await).await,
            expected,
            "{query} {header:?}"
        );
    }
    let mut same = listen(&state, &format!("&since={newer}"), &[]).await;
    assert_eq!(changed(&mut same).await[0], serde_json::json!([]), "it is told all names, and nothing new");
}

#[tokio::test]
async fn who_cannot_listen_can_ask() {
    let (state, sinks, _stop) = scene(&["a", "b"]);
    let asked = |mark: String| {
        let state = Arc::clone(&state);
        async move {
            let (status, text) = text(&state, &format!("/updates?since={mark}")).await;
            assert_eq!(status, 200);
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        }
    };
    let first = asked(String::new()).await;
    assert_eq!(first["targets"], serde_json::json!(["a", "b"]));
    tell(&sinks, "a", RESET, None);
    let then = asked(first["id"].as_str().unwrap().to_owned()).await;
    assert_eq!((&then["targets"], &then["all"]), (&serde_json::json!(["a"]), &first["all"]));
}
