//! The environment in the document.

use schemars::JsonSchema;
use serde::Serialize;

use super::Label;
use crate::clock;
use crate::outcome::Family;
use crate::surroundings::{Surroundings, TrustStore};
use crate::target::{Roots, Target};

/// What is around the program.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Environment {
    /// The version of api-canary.
    pub version: String,
    /// What this machine's clock said, in UTC.
    pub clock: String,
    /// The proxy variables that are set and not empty.
    pub proxy_variables: Vec<Variable>,
    /// How curl and others read them for this target.
    pub proxy: ProxyPart,
    /// Whom the resolver `system` asks.
    pub name_servers: NameServers,
    /// The machine's own store of certificates.
    pub trust_store: TrustPart,
    /// The file of the only certificates that this target trusts; `null` where it trusts the public ones.
    pub trusted_only: Option<String>,
    /// By which interface packets leave for the internet; a family without a route is absent.
    pub ways_out: Vec<WayOutPart>,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its value without credentials; `null` where it is not fit to be shown.
    pub value: Option<String>,
}

/// How the proxy variables are read for a target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct ProxyPart {
    /// The proxy that curl goes through; `null` where it goes straight to the target.
    pub curl: Option<String>,
    /// Why curl gets nowhere; `null` where it does.
    pub problem: Option<String>,
    /// How other clients go another way.
    pub disagreements: Vec<String>,
}

/// What resolv.conf says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NameServers {
    /// The file.
    pub file: String,
    /// The servers that are asked.
    pub servers: Vec<String>,
    /// The domains that short names are looked for in.
    pub search: Vec<String>,
    /// Names with fewer dots are short; `null` where the file cannot be used.
    pub ndots: Option<usize>,
    /// Why no server can be asked; `null` where one can.
    pub problem: Option<String>,
}

/// A store of certificates.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TrustPart {
    /// Its files and directories.
    pub places: Vec<String>,
    /// How many certificates are in them.
    pub certificates: usize,
    /// The variables that lead to it: `SSL_CERT_FILE`, `SSL_CERT_DIR`.
    pub variables: Vec<Variable>,
    /// What of it cannot be read.
    pub problems: Vec<String>,
}

/// A way out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WayOutPart {
    /// For which family.
    pub family: Label<Family>,
    /// The interface.
    pub interface: String,
    /// Whether it is named as those of VPNs are.
    pub vpn: bool,
}

impl Environment {
    pub(super) fn of(surroundings: &Surroundings, target: &Target) -> Self {
        let endpoint = target.sites.first().map(|site| &site.endpoint);
        let variable = |(name, value): (&'static str, Option<String>)| Variable { name, value };
        let resolv_conf = &surroundings.resolv_conf;
        let servers = resolv_conf.servers.as_ref();
        let reading = endpoint.map(|endpoint| surroundings.proxy_reading(endpoint));
        let TrustStore { file, directories, certificates, variables, problems } = surroundings.trust.clone();
        let some = |(name, value)| Variable { name, value: Some(value) };
        Self {
            version: surroundings.version.to_owned(),
            clock: clock::rfc3339(surroundings.clock),
            proxy_variables: surroundings.proxy_variables.iter().cloned().map(variable).collect(),
            proxy: reading.map_or_else(ProxyPart::default, |reading| ProxyPart {
                curl: reading.proxy,
                problem: reading.unsupported,
                disagreements: reading.disagreements,
            }),
            name_servers: NameServers {
                file: resolv_conf.file.display().to_string(),
                servers: servers
                    .map_or_else(|_| Vec::new(), |list| list.iter().map(ToString::to_string).collect()),
                search: resolv_conf.search.clone(),
                ndots: resolv_conf.ndots,
                problem: servers.err().cloned(),
            },
            trust_store: TrustPart {
                places: file.into_iter().chain(directories).collect(),
                certificates,
                variables: variables.into_iter().map(some).collect(),
                problems,
            },
            trusted_only: match &target.tls.roots {
                Roots::Public => None,
                Roots::File { path, .. } => Some(path.to_string()),
            },
            ways_out: surroundings
                .ways_out
                .iter()
                .map(|way| WayOutPart {
                    family: Label(way.family),
                    interface: way.interface.clone(),
                    vpn: way.is_vpn(),
                })
                .collect(),
        }
    }

    pub(super) fn texts(&mut self, each: &mut impl FnMut(&mut String)) {
        let variables = self.proxy_variables.iter_mut().chain(&mut self.trust_store.variables);
        variables.filter_map(|variable| variable.value.as_mut()).for_each(&mut *each);
        let ProxyPart { curl, problem, disagreements } = &mut self.proxy;
        curl.iter_mut().chain(problem).chain(disagreements).for_each(&mut *each);
        let NameServers { file, servers, search, ndots: _, problem } = &mut self.name_servers;
        servers.iter_mut().chain(search).chain(problem).chain([file]).for_each(&mut *each);
        let TrustPart { places, certificates: _, variables: _, problems } = &mut self.trust_store;
        places.iter_mut().chain(problems).chain(&mut self.trusted_only).for_each(&mut *each);
        self.ways_out.iter_mut().for_each(|way| each(&mut way.interface));
    }
}
