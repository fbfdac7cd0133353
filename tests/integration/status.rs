//! A provider's status page as context: a gauge and a field of the log, and never more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use api_canary::simulate::Fault;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;
use crate::workspace::wait_for;

pub(crate) const SUMMARY: &str = r#"{"page": {"id": "p", "name": "Sim"}, "status": {"indicator": "minor", "description": "x"},
    "components": [{"id": "abc", "name": "API", "status": "partial_outage"},
                   {"id": "def", "name": "Site", "status": "operational"}],
    "incidents": [{"id": "i", "name": "Elevated errors", "status": "investigating"}]}"#;

const CHALLENGE: &str = "<!DOCTYPE html><html><body>Just a moment...</body></html>";

/// A server that answers everything alike; how often it was asked.
pub(crate) async fn page(
    status: &'static str,
    kind: &'static str,
    body: &'static str,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                let head = String::from_utf8(head).unwrap().to_lowercase();
                assert!(head.starts_with("get /api/v2/summary.json http/1.1\r\n"), "{head}");
                assert!(!head.contains("x-api-key") && !head.contains("authorization"), "{head}");
                count.fetch_add(1, Ordering::SeqCst);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (address, asked)
}

fn target(scene: &Scene, name: &str, at: SocketAddr, component: &str) -> String {
    let url = format!("http://{at}/api/v2/summary.json");
    scene.target(
        name,
        name,
        &format!(", status_page: {{ url: \"{url}\", component: {component}, interval: 1m }}"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_says_is_a_gauge_and_stands_in_the_log_of_a_failure() {
    let scene = Scene::new().await;
    let (at, asked) = page("200 OK", "application/json", SUMMARY).await;
    let targets = [target(&scene, "api", at, "abc"), target(&scene, "site", at, "def")];
    let canary = Canary::start(&scene.config("interval: 1s", &targets)).await;
    let level = |name: &'static str, level: f64| {
        move |now: &Samples| (now.one("provider_status", &[("target", name)]) == Some(level)).then_some(())
    };
    canary.wait("a partial outage", level("api", 3.0)).await;
    canary.wait("an operational component", level("site", 0.0)).await;
    let samples = canary.wait_runs("api", 3.0).await;
    assert_eq!(samples.one("target_up", &[("target", "api")]), Some(1.0), "context, not a verdict");
    assert!(asked.load(Ordering::SeqCst) <= 2, "one page is read for both, and rarely");

    for name in ["api", "site"] {
        scene.simulator.set_fault(&format!("{name}.sim.test"), Fault::Http529);
    }
    let line = canary.wait_log(&["message=fails", "target=api "]).await;
    assert!(line.contains("reason=provider_overloaded") && line.contains("provider_status=\""), "{line}");
    assert!(line.contains("partial_outage") && line.contains("Elevated errors"), "{line}");
    let line = canary.wait_log(&["message=fails", "target=site "]).await;
    assert!(line.contains("provider_status=") && line.contains("operational"), "{line}");
    let down = |now: &Samples| (now.one("target_up", &[("target", "site")]) == Some(0.0)).then_some(());
    canary.wait("an outage in spite of it", down).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_read_is_unknown_and_harms_nothing() {
    let scene = Scene::new().await;
    let (challenged, asked) = page("405 Method Not Allowed", "text/html", CHALLENGE).await;
    let (portal, portal_asked) = page("200 OK", "text/html", CHALLENGE).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let targets = [
        target(&scene, "challenged", challenged, "abc"),
        target(&scene, "html", portal, "abc"),
        target(&scene, "nobody", nobody, "abc"),
    ];
    let canary = Canary::start(&scene.config("interval: 1s", &targets)).await;
    wait_for("readings", || async {
        let counts = [&asked, &portal_asked].map(|count| count.load(Ordering::SeqCst));
        if counts.iter().all(|count| *count > 0) { Ok(()) } else { Err(format!("{counts:?}")) }
    })
    .await;
    for name in ["challenged", "html", "nobody"] {
        let of = [("target", name)];
        let runs = canary.samples().await.one("probe_runs_total", &of).unwrap_or(0.0);
        let samples = canary.wait_runs(name, runs + 2.0).await;
        assert_eq!(samples.one("provider_status", &of), None, "{name}");
        assert_eq!(samples.one("target_up", &of), Some(1.0), "{name}");
        scene.simulator.set_fault(&format!("{name}.sim.test"), Fault::Http529);
        let line = canary.wait_log(&["message=fails", &format!("target={name} ")]).await;
        assert!(line.contains("reason=provider_overloaded"), "{line}");
        assert!(!line.contains("outage") && !line.contains("operational"), "{line}");
    }
}
