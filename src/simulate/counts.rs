//! How often everything happened since the start: complete, unlike what is remembered of it.
//!
//! Promises: everything counts once, and what is answered was counted before; connections and handshakes may count a
//! moment after the client thinks that it has them.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Hosts that are counted each by itself; names come from clients, and must not take all memory.
const MOST_HOSTS: usize = 50_000;

/// Everything since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Connections that were accepted.
    pub connections: ConnectionCounts,
    /// By host: lower case, without port and trailing dot, an address as such.
    pub hosts: BTreeMap<String, HostCounts>,
    /// The same for all hosts that came after the first 50,000.
    pub other_hosts: HostCounts,
}

/// Connections that were accepted, by what listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCounts {
    /// DNS over TCP.
    pub dns: u64,
    /// The API over TLS, at whichever address; those of tunnels too.
    pub api: u64,
    /// The API over plain HTTP.
    pub plain: u64,
    /// The proxy.
    pub proxy: u64,
}

/// What one host was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCounts {
    /// DNS queries for the name, over UDP and TCP, answered or not.
    pub queries: u64,
    /// ClientHellos with this server name.
    pub hellos: u64,
    /// Of those, handshakes that both sides went through with.
    pub handshakes: u64,
    /// HTTP requests that were read.
    pub requests: u64,
    /// Of those, answers that were begun, by status.
    pub answers: BTreeMap<u16, u64>,
    /// Tunnels there that the proxy was asked for.
    pub tunnels: u64,
}

/// What listens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Port {
    Dns,
    Api,
    Plain,
    Proxy,
}

/// Something that is counted by host.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Query,
    Hello,
    Handshake,
    Request,
    Answer(u16),
    Tunnel,
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Counter {
    dns: AtomicU64,
    api: AtomicU64,
    plain: AtomicU64,
    proxy: AtomicU64,
    hosts: Mutex<Hosts>,
}

#[derive(Debug, Default)]
struct Hosts {
    known: HashMap<String, HostCounts>,
    others: HostCounts,
}

// === impl Counter ===

impl Counter {
    pub(super) fn connected(&self, port: Port) {
        let counter = match port {
            Port::Dns => &self.dns,
            Port::Api => &self.api,
            Port::Plain => &self.plain,
            Port::Proxy => &self.proxy,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// `host` is in lower case, without port and trailing dot.
    pub(super) fn count(&self, host: &str, event: Event) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let Hosts { known, others } = &mut *hosts;
        if let Some(counts) = known.get_mut(host) {
            counts.count(event);
        } else if known.len() < MOST_HOSTS {
            known.entry(host.to_owned()).or_default().count(event);
        } else {
            others.count(event);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Counts {
            connections: ConnectionCounts {
                dns: read(&self.dns),
                api: read(&self.api),
                plain: read(&self.plain),
                proxy: read(&self.proxy),
            },
            hosts: hosts.known.iter().map(|(host, counts)| (host.clone(), counts.clone())).collect(),
            other_hosts: hosts.others.clone(),
        }
    }
}

// === impl HostCounts ===

impl HostCounts {
    fn count(&mut self, event: Event) {
        let counter = match event {
            Event::Query => &mut self.queries,
            Event::Hello => &mut self.hellos,
            Event::Handshake => &mut self.handshakes,
            Event::Request => &mut self.requests,
            Event::Answer(status) => self.answers.entry(status).or_default(),
            Event::Tunnel => &mut self.tunnels,
        };
        *counter += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simulator;
    use super::super::test_client::{ask, ask_tcp, get, start, tls_error};
    use super::*;
    use hickory_resolver::proto::rr::RecordType;

    fn of(simulator: &Simulator, host: &str) -> HostCounts {
        simulator.counts().hosts.remove(host).unwrap_or_default()
    }

    #[tokio::test]
    async fn what_a_host_is_asked_for_is_counted_at_each_layer() {
        let simulator = start().await;
        ask(&simulator, "API.sim.test.", RecordType::A).await;
        ask_tcp(&simulator, "api.sim.test.", RecordType::AAAA).await;
        for host in ["api.sim.test", "http-429.sim.test", "http-429.sim.test"] {
            get(&simulator, host, "/ok", &[]).await.unwrap();
        }
        assert!(get(&simulator, "http-reset.sim.test", "/ok", &[]).await.is_err());
        tls_error(&simulator, "tls-alert.sim.test").await;
        let whole = HostCounts { hellos: 1, handshakes: 1, requests: 1, ..HostCounts::default() };
        assert_eq!(
            of(&simulator, "api.sim.test"),
            HostCounts { queries: 2, answers: [(200, 1)].into(), ..whole.clone() }
        );
        let limited = of(&simulator, "http-429.sim.test");
        assert_eq!((limited.requests, limited.answers), (2, [(429, 2)].into()));
        assert_eq!(of(&simulator, "http-reset.sim.test"), whole, "no answer was begun");
        assert_eq!(
            of(&simulator, "tls-alert.sim.test"),
            HostCounts { hellos: 1, ..HostCounts::default() },
            "no handshake was gone through with"
        );
        let connections = simulator.counts().connections;
        assert_eq!(connections, ConnectionCounts { dns: 1, api: 5, plain: 0, proxy: 0 });
    }

    #[test]
    fn names_without_end_do_not_take_memory_without_end() {
        let counter = Counter::default();
        for number in 0..MOST_HOSTS + 3 {
            counter.count(&number.to_string(), Event::Query);
        }
        counter.count("7", Event::Query);
        let counts = counter.counts();
        assert_eq!((counts.hosts.len(), counts.other_hosts.queries), (MOST_HOSTS, 3));
        assert_eq!(counts.hosts["7"].queries, 2);
    }
}
