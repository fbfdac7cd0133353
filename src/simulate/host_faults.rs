//! Which fault a host has: by its name, or because somebody set one, for good or for a while.

use super::dialect::Dialect;
use super::fault::Fault;
use arc_swap::ArcSwap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a fault that is set lasts: until it is cleared, or until the first of these bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lasting {
    /// Until this much time has passed.
    pub time: Option<Duration>,
    /// Until this many requests have reached the API and had it.
    pub requests: Option<u32>,
}

/// The faults of all hosts. Read on every query, handshake and request, so reads take no lock.
#[derive(Debug)]
pub(super) struct HostFaults {
    domain: String,
    set: ArcSwap<BTreeMap<String, SetFault>>,
}

/// A fault somebody set.
#[derive(Debug, Clone)]
pub(super) struct SetFault {
    pub(super) fault: Fault,
    until: Option<Instant>,
    requests_left: Option<Arc<AtomicU32>>,
}

/// Whether a host is one a fault can be set for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settable {
    Yes,
    /// Its name gives it this fault for good.
    Fixed(Fault),
    /// It is neither below the domain nor an address.
    Foreign,
}

// === impl HostFaults ===

impl HostFaults {
    /// `domain` is lower case, without a trailing dot.
    pub(super) fn new(domain: String, set: Vec<(String, Fault)>) -> Self {
        let set = set.into_iter();
        let set = set.map(|(host, fault)| (normal(&host).into_owned(), SetFault::for_good(fault))).collect();
        Self { domain, set: ArcSwap::from_pointee(set) }
    }

    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// The fault of a host: the one it is named after, else the one set for it.
    pub(super) fn of(&self, host: &str) -> Option<Fault> {
        let host = normal(host);
        self.by_name(&host).or_else(|| Some(self.set.load().get(host.as_ref())?.lasting()?.fault))
    }

    /// The same for a request to the API, which counts.
    pub(super) fn of_request(&self, host: &str) -> Option<Fault> {
        let host = normal(host);
        self.by_name(&host).or_else(|| self.set.load().get(host.as_ref())?.count_request())
    }

    /// The dialect a host speaks, where it is not Anthropic's.
    pub(super) fn dialect(&self, host: &str) -> Option<Dialect> {
        Dialect::split(self.labels(&normal(host))?).1
    }

    pub(super) fn settable(&self, host: &str) -> Settable {
        let host = normal(host);
        match self.by_name(&host) {
            Some(fault) => Settable::Fixed(fault),
            None if self.contains(&host) || host.parse::<std::net::IpAddr>().is_ok() => Settable::Yes,
            None => Settable::Foreign,
        }
    }

    /// Whether the host is the domain or below it.
    pub(super) fn contains(&self, host: &str) -> bool {
        host.strip_suffix(self.domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    pub(super) fn set(&self, host: &str, fault: Fault, lasting: Lasting) {
        let entry = SetFault {
            fault,
            until: lasting.time.map(|time| Instant::now() + time),
            requests_left: lasting.requests.map(|requests| Arc::new(AtomicU32::new(requests))),
        };
        self.set.rcu(|set| {
            let mut set = BTreeMap::clone(set);
            set.retain(|_, fault| fault.lasting().is_some());
            set.insert(normal(host).into_owned(), entry.clone());
            set
        });
    }

    /// Whether there was one.
    pub(super) fn clear(&self, host: &str) -> bool {
        let host = normal(host);
        let before = self.set.rcu(|set| {
            let mut set = BTreeMap::clone(set);
            set.remove(host.as_ref());
            set
        });
        before.get(host.as_ref()).is_some_and(|fault| fault.lasting().is_some())
    }

    /// What is set now, by host.
    pub(super) fn all_set(&self) -> BTreeMap<String, SetFault> {
        let mut set = BTreeMap::clone(&self.set.load());
        set.retain(|_, fault| fault.lasting().is_some());
        set
    }

    fn by_name(&self, host: &str) -> Option<Fault> {
        let labels = self.labels(host)?;
        Fault::find(labels).or_else(|| Fault::find(Dialect::split(labels).0))
    }

    /// What a host has before the domain.
    fn labels<'a>(&self, host: &'a str) -> Option<&'a str> {
        host.strip_suffix(self.domain.as_str())?.strip_suffix('.')
    }
}

// === impl SetFault ===

impl SetFault {
    fn for_good(fault: Fault) -> Self {
        Self { fault, until: None, requests_left: None }
    }

    /// Itself, where it has not ended.
    fn lasting(&self) -> Option<&Self> {
        let time = self.until.is_none_or(|until| Instant::now() < until);
        (time && self.requests_left() != Some(0)).then_some(self)
    }

    fn count_request(&self) -> Option<Fault> {
        let Self { fault, requests_left, .. } = self.lasting()?;
        match requests_left {
            None => Some(*fault),
            // Of requests at the same time no more than were asked for have it.
            Some(left) => left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .ok()
                .map(|_| *fault),
        }
    }

    /// How many requests will have it yet, where that is bounded.
    pub(super) fn requests_left(&self) -> Option<u32> {
        self.requests_left.as_ref().map(|left| left.load(Ordering::Relaxed))
    }

    /// How long it will last, where that is bounded.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}

/// Lower case, without a trailing dot; nearly always as it came.
pub(super) fn normal(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> HostFaults {
        HostFaults::new("sim.test".to_owned(), vec![("API.sim.test.".to_owned(), Fault::Http500)])
    }

    #[test]
    fn a_host_named_after_a_fault_has_it_whatever_is_set() {
        let faults = faults();
        faults.set("tls-expired.sim.test", Fault::Portal, Lasting::default());
        assert_eq!(faults.of("TLS-Expired.sim.test."), Some(Fault::TlsExpired));
        assert_eq!(faults.of("tls-1.2.sim.test"), Some(Fault::Tls12));
        assert_eq!(faults.of("tls-expired.example"), None);
        assert_eq!(faults.settable("tls-expired.sim.test"), Settable::Fixed(Fault::TlsExpired));
    }

    #[test]
    fn other_hosts_have_what_was_set_until_it_is_cleared() {
        let faults = faults();
        assert_eq!(faults.of("api.sim.test"), Some(Fault::Http500));
        faults.set("b.sim.test", Fault::Http529, Lasting::default());
        assert_eq!(faults.of("b.sim.test"), Some(Fault::Http529));
        assert!(faults.clear("api.SIM.test"));
        assert!(!faults.clear("api.sim.test"));
        assert_eq!(faults.of("api.sim.test"), None);
        assert_eq!(faults.all_set().len(), 1);
    }

    #[test]
    fn a_dialects_label_stands_between_fault_and_domain() {
        let faults = faults();
        for (host, fault, dialect) in [
            ("http-429.openai.sim.test", Some(Fault::Http429), Some(Dialect::OpenAi)),
            ("TLS-1.2.Groq.sim.test.", Some(Fault::Tls12), Some(Dialect::Groq)),
            ("azure.sim.test", None, Some(Dialect::Azure)),
            ("eu.azure.sim.test", None, Some(Dialect::Azure)),
            ("http-429.other.sim.test", None, None),
            ("openai.http-429.sim.test", None, None),
            ("openai.example", None, None),
        ] {
            assert_eq!((faults.of(host), faults.dialect(host)), (fault, dialect), "{host}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_for_a_time_ends_by_itself() {
        let faults = faults();
        let time = Some(Duration::from_secs(10));
        faults.set("b.sim.test", Fault::Http529, Lasting { time, requests: None });
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(faults.of("b.sim.test"), Some(Fault::Http529));
        assert_eq!(faults.all_set()["b.sim.test"].time_left(), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((faults.of("b.sim.test"), faults.of_request("b.sim.test")), (None, None));
        assert!(!faults.all_set().contains_key("b.sim.test") && !faults.clear("b.sim.test"));
    }

    #[test]
    fn a_fault_for_some_requests_is_had_by_so_many_and_only_they_count() {
        let faults = faults();
        faults.set("b.sim.test", Fault::Http429, Lasting { time: None, requests: Some(2) });
        for _ in 0..5 {
            assert_eq!(faults.of("b.sim.test"), Some(Fault::Http429));
        }
        let had: Vec<_> = (0..3).map(|_| faults.of_request("b.sim.test").is_some()).collect();
        assert_eq!(had, [true, true, false]);
        assert_eq!(faults.of("b.sim.test"), None);
    }

    #[test]
    fn only_names_below_the_domain_and_addresses_can_get_a_fault() {
        let faults = faults();
        assert_eq!(faults.settable("sim.test"), Settable::Yes);
        assert_eq!(faults.settable("127.0.0.1"), Settable::Yes);
        assert_eq!(faults.settable("api.example"), Settable::Foreign);
        assert_eq!(faults.settable("notsim.test"), Settable::Foreign);
    }
}
