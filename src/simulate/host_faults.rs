//! Which fault a host has: by its name, or because somebody set one.

use super::fault::Fault;
use arc_swap::ArcSwap;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The faults of all hosts. Read on every query, handshake and request, so reads take no lock.
#[derive(Debug)]
pub(super) struct HostFaults {
    domain: String,
    set: ArcSwap<BTreeMap<String, Fault>>,
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
        let set = set.into_iter().map(|(host, fault)| (normal(&host).into_owned(), fault)).collect();
        Self { domain, set: ArcSwap::from_pointee(set) }
    }

    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// The fault of a host: the one it is named after, else the one set for it.
    pub(super) fn of(&self, host: &str) -> Option<Fault> {
        let host = normal(host);
        self.by_name(&host).or_else(|| self.set.load().get(host.as_ref()).copied())
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

    pub(super) fn set(&self, host: &str, fault: Fault) {
        self.set.rcu(|set| {
            let mut set = BTreeMap::clone(set);
            set.insert(normal(host).into_owned(), fault);
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
        before.contains_key(host.as_ref())
    }

    /// What is set now, by host.
    pub(super) fn all_set(&self) -> BTreeMap<String, Fault> {
        BTreeMap::clone(&self.set.load())
    }

    fn by_name(&self, host: &str) -> Option<Fault> {
        Fault::find(host.strip_suffix(self.domain.as_str())?.strip_suffix('.')?)
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
        faults.set("tls-expired.sim.test", Fault::Portal);
        assert_eq!(faults.of("TLS-Expired.sim.test."), Some(Fault::TlsExpired));
        assert_eq!(faults.of("tls-1.2.sim.test"), Some(Fault::Tls12));
        assert_eq!(faults.of("tls-expired.example"), None);
        assert_eq!(faults.settable("tls-expired.sim.test"), Settable::Fixed(Fault::TlsExpired));
    }

    #[test]
    fn other_hosts_have_what_was_set_until_it_is_cleared() {
        let faults = faults();
        assert_eq!(faults.of("api.sim.test"), Some(Fault::Http500));
        faults.set("b.sim.test", Fault::Http529);
        assert_eq!(faults.of("b.sim.test"), Some(Fault::Http529));
        assert!(faults.clear("api.SIM.test"));
        assert!(!faults.clear("api.sim.test"));
        assert_eq!(faults.of("api.sim.test"), None);
        assert_eq!(faults.all_set().len(), 1);
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
