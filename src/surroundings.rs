//! What surrounds the program, as far as it decides how calls leave: for a person who reads a diagnosis.
//!
//! Promises: only facts, read once; nothing of it fails, what cannot be read is absent; no credentials.

mod way_out;

use std::sync::Arc;
use std::time::SystemTime;

use crate::clock;
use crate::config::Env;
use crate::probe::{ResolvConf, SystemResolver};
use crate::target::{Endpoint, EnvWay, ProxyEnvironment};
pub use way_out::WayOut;

/// The facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// The version of this program.
    pub version: &'static str,
    /// What the machine's clock says.
    pub clock: SystemTime,
    /// The proxy variables that are set, without credentials; `None` behind one whose value is not fit to be shown.
    pub proxy_variables: Vec<(&'static str, Option<String>)>,
    /// What the proxy variables are, to be read for an endpoint.
    variables: Arc<ProxyEnvironment>,
    /// What resolv.conf says.
    pub resolv_conf: ResolvConf,
    /// The machine's store of certificates.
    pub trust: TrustStore,
    /// The ways out that the machine has, IPv4 first.
    pub ways_out: Vec<WayOut>,
}

/// The machine's own store of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustStore {
    /// The file, where there is one.
    pub file: Option<String>,
    /// The directories, where there are any.
    pub directories: Vec<String>,
    /// How many certificates are in all of it.
    pub certificates: usize,
    /// The variables that lead elsewhere, with their values: `SSL_CERT_FILE`, `SSL_CERT_DIR`.
    pub variables: Vec<(&'static str, String)>,
    /// Why something of it cannot be read.
    pub problems: Vec<String>,
}

/// What the proxy variables mean for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyReading {
    /// Where curl goes: the proxy without its credentials, or nothing for straight to the endpoint.
    pub proxy: Option<String>,
    /// Why it goes nowhere.
    pub unsupported: Option<String>,
    /// How other clients read them differently.
    pub disagreements: Vec<String>,
}

impl Surroundings {
    /// Reads the surroundings; of files, so that it takes a moment.
    #[must_use]
    pub fn read(env: &Env, system: &SystemResolver) -> Self {
        let variables = ProxyEnvironment::read(|name| env.get(name).ok());
        Self {
            version: env!("CARGO_PKG_VERSION"),
            clock: clock::wall(),
            proxy_variables: variables.shown(),
            variables: Arc::new(variables),
            resolv_conf: system.resolv_conf(),
            trust: TrustStore::read(env),
            ways_out: way_out::read(),
        }
    }

    /// What the proxy variables mean for an endpoint.
    #[must_use]
    pub fn proxy_reading(&self, endpoint: &Endpoint) -> ProxyReading {
        let route = self.variables.route(endpoint);
        let (proxy, unsupported) = match route.way {
            EnvWay::Direct => (None, None),
            EnvWay::Proxy(proxy) => (Some(proxy.to_string()), None),
            EnvWay::Unsupported(words) => (None, Some(words)),
        };
        ProxyReading { proxy, unsupported, disagreements: route.disagreements }
    }

    /// Surroundings of fixed facts.
    #[cfg(test)]
    pub(crate) fn sample(variables: &[(&str, &str)]) -> Self {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let variables = ProxyEnvironment::read(lookup);
        Self {
            version: "1.2.3",
            clock: clock::from_unix(1_790_000_000).unwrap(),
            proxy_variables: variables.shown(),
            variables: Arc::new(variables),
            resolv_conf: ResolvConf {
                file: "/etc/resolv.conf".into(),
                servers: Ok(vec!["192.168.1.1:53".parse().unwrap(), "[2001:db8::53]:53".parse().unwrap()]),
                search: vec!["corp.internal".to_owned()],
                ndots: Some(1),
            },
            trust: TrustStore {
                file: Some("/etc/ssl/certs/ca-certificates.crt".to_owned()),
                directories: Vec::new(),
                certificates: 146,
                variables: Vec::new(),
                problems: Vec::new(),
            },
            ways_out: vec![
                WayOut { family: crate::outcome::Family::Ipv4, interface: "wg0".to_owned() },
                WayOut { family: crate::outcome::Family::Ipv6, interface: "eth0".to_owned() },
            ],
        }
    }
}

impl TrustStore {
    fn read(env: &Env) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let places = openssl_probe::probe();
        let shown = |path: std::path::PathBuf| path.display().to_string();
        let mut directories: Vec<String> = places.cert_dir.into_iter().map(shown).collect();
        directories.dedup();
        let variables = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        Self {
            file: places.cert_file.map(shown),
            directories,
            certificates: found.certs.len(),
            variables: variables.into_iter().filter_map(|name| Some((name, env.get(name).ok()?))).collect(),
            problems: found.errors.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_read_for_an_endpoint_without_credentials() {
        let surroundings =
            Surroundings::sample(&[("HTTPS_PROXY", "http://u:hunter2@proxy.corp.internal:3128")]);
        let endpoint = Endpoint::parse("https://api.anthropic.com").unwrap();
        let reading = surroundings.proxy_reading(&endpoint);
        assert_eq!(reading.proxy.as_deref(), Some("http://proxy.corp.internal:3128"));
        assert_eq!((reading.unsupported, reading.disagreements), (None, vec![]));
        assert!(!format!("{surroundings:?}").contains("hunter2"));
    }

    #[test]
    fn this_machine_can_be_read() {
        let env = Env::of([("SSL_CERT_FILE", "/elsewhere"), ("no_proxy", "localhost")]);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("resolv.conf");
        std::fs::write(&file, "nameserver 192.0.2.1\nsearch a.test b.test\noptions ndots:2\n").unwrap();
        let surroundings = Surroundings::read(&env, &SystemResolver::new(&file, "/etc/hosts"));
        assert_eq!(surroundings.resolv_conf.servers, Ok(vec!["192.0.2.1:53".parse().unwrap()]));
        assert_eq!(
            (&*surroundings.resolv_conf.search.join(" "), surroundings.resolv_conf.ndots),
            ("a.test b.test", Some(2))
        );
        assert_eq!(surroundings.trust.variables, [("SSL_CERT_FILE", "/elsewhere".to_owned())]);
        assert_eq!(surroundings.proxy_variables, [("no_proxy", Some("localhost".to_owned()))]);
    }
}
