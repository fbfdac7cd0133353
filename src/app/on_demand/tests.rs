//! Looks into targets that never answer, so that each lasts as long as the test wants.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::config::Source;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port where connections are taken and nothing is said; how many there were.
async fn silent() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            open.push(stream);
        }
    });
    (port, count)
}

fn config(port: u16, names: &[&str], how_long: &str) -> Config {
    let target = |name: &&str| {
        let options = format!("interval: 1m, timeout: {how_long}, diagnosis: {{ follow_ups: false }}");
        format!("  - {{ name: {name}, provider: http, url: 'http://127.0.0.1:{port}', {options} }}\n")
    };
    let text = format!("targets:\n{}", names.iter().map(target).collect::<String>());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.yml");
    std::fs::write(&path, text).unwrap();
    Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap()
}

fn on_demand(config: &Config) -> OnDemand {
    OnDemand::new(config, Env::of::<&str, &str>([]), Arc::new(SystemResolver::default()))
}

/// Waits until there have been so many connections.
async fn connected(count: &AtomicUsize, least: usize) {
    timeout(PATIENCE, async {
        while count.load(Ordering::Relaxed) < least {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn who_asks_together_shares_one_look() {
    let (port, count) = silent().await;
    let on_demand = on_demand(&config(port, &["a"], "500ms"));
    let (one, other) = (on_demand.diagnose("a"), on_demand.diagnose("a"));
    let (one, other) = timeout(PATIENCE, async { tokio::join!(one, other) }).await.unwrap();
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(one.found[0].diagnosis.verdict.label(), "http_timeout");
    assert!(count.load(Ordering::Relaxed) > 0);
    let again = on_demand.diagnose("a").await;
    assert!(matches!(again, Err(Refused::TooSoon(wait)) if wait <= EVERY), "{again:?}");
}

#[tokio::test]
async fn a_look_that_nobody_waits_for_ends_and_makes_room() {
    let (port, count) = silent().await;
    let on_demand = on_demand(&config(port, &["a", "b", "c", "d"], "30s"));
    let mut looks: Vec<_> = ["a", "b"].map(|name| on_demand.diagnose(name)).into();
    connected(&count, AT_ONCE).await;
    let refused = on_demand.diagnose("c").await;
    assert!(matches!(refused, Err(Refused::Busy(AT_ONCE))), "{refused:?}");
    // One of two that wait leaves: the look goes on.
    drop(on_demand.diagnose("b"));
    drop(looks.remove(0));
    let mut waiting = Vec::new();
    let room = timeout(PATIENCE, async {
        while waiting.is_empty() {
            let mut asked = on_demand.diagnose("c");
            match futures_util::poll!(&mut asked) {
                Poll::Ready(Err(Refused::Busy(_))) => tokio::task::yield_now().await,
                Poll::Ready(other) => panic!("{other:?}"),
                Poll::Pending => waiting.push(asked),
            }
        }
    });
    room.await.unwrap();
    connected(&count, AT_ONCE + 1).await;
    let refused = on_demand.diagnose("a").await;
    assert!(matches!(refused, Err(Refused::TooSoon(_))), "leaving does not make asking cheaper: {refused:?}");
    let refused = on_demand.diagnose("d").await;
    assert!(matches!(refused, Err(Refused::Busy(_))), "b is still looked into: {refused:?}");
}

#[tokio::test]
async fn looks_end_when_the_program_does() {
    let (port, count) = silent().await;
    let on_demand = on_demand(&config(port, &["a"], "30s"));
    let look = on_demand.diagnose("a");
    connected(&count, 1).await;
    on_demand.stop();
    let ended = timeout(PATIENCE, look).await.unwrap();
    assert!(matches!(ended, Err(Refused::Stopping)), "{ended:?}");
    let refused = on_demand.diagnose("a").await;
    assert!(matches!(refused, Err(Refused::Stopping)), "{refused:?}");
}

#[tokio::test]
async fn what_is_looked_into_follows_the_config() {
    let (port, _) = silent().await;
    let on_demand = on_demand(&config(port, &["a"], "100ms"));
    assert!(matches!(on_demand.diagnose("b").await, Err(Refused::Unknown)));
    assert!(on_demand.diagnose("a").await.is_ok());
    on_demand.change(&config(port, &["b"], "100ms"));
    assert!(on_demand.diagnose("b").await.is_ok());
    assert!(matches!(on_demand.diagnose("a").await, Err(Refused::Unknown)));
    assert!(!on_demand.0.looks().contains_key("a"), "what is gone is forgotten");
}
