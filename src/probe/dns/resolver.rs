//! A resolver of a target, ready to be asked.
//!
//! Promises: what its lookups need is made once; the answer that counts comes as soon as it is known, and what each
//! name server of `system` says by itself can still be waited for.

use std::sync::Arc;

use ipnet::IpNet;
use tokio::time::Instant;

use super::dnssec::{self, Anchors};
use super::encrypted::{Encrypted, EncryptedError};
use super::line::{Line, Way};
use super::name_servers::Asking;
use super::question::Question;
use super::sent::Sent;
use super::system::{Breadth, SystemResolver};
use super::{Found, Lookup, ask_line};
use crate::outcome::Transport;
use crate::target::{Host, Resolver, ResolverKind, Validation};
use crate::units::Deadline;

/// Why a resolver cannot be asked as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("the resolver {resolver}: {problem}")]
pub struct ResolverError {
    resolver: Arc<str>,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Encrypted(#[from] EncryptedError),
    #[error("{0} is a name: only servers over tls and https may be named")]
    Named(String),
    #[error(transparent)]
    Anchors(#[from] dnssec::AnchorsError),
    #[error("its answers cannot be validated: the hosts file has no signatures, so name a server instead")]
    SystemValidated,
}

/// A resolver with all that its lookups need.
#[derive(Debug)]
pub(in crate::probe) struct PreparedResolver {
    name: Arc<str>,
    asks: Asks,
}

#[derive(Debug)]
enum Asks {
    System(Arc<SystemResolver>),
    Server { way: Way, anchors: Option<Anchors> },
}

/// What came of one question.
#[derive(Debug)]
pub(in crate::probe) struct Asked {
    /// The answer that counts.
    pub(in crate::probe) effective: Lookup,
    /// The name servers by themselves: of `system`, where it has several or the hosts file gave the answer.
    pub(in crate::probe) servers: Option<NameServers>,
}

/// Name servers that were asked beside the answer that counts; what is under way ends when this is dropped.
#[derive(Debug)]
pub(in crate::probe) struct NameServers {
    resolver: Arc<str>,
    expected: Vec<IpNet>,
    asking: Asking,
}

impl NameServers {
    /// What each says, named like `system/192.0.2.1`: when the last has answered or was given up, no later than the
    /// deadline of the question.
    pub(in crate::probe) async fn lookups(self) -> Vec<Lookup> {
        let question = self.asking.question().clone();
        let answers = self.asking.answers().await.into_iter();
        answers
            .map(|(server, answer)| {
                let name = format!("{}/{server}", self.resolver).into();
                Lookup::of(name, &question, &self.expected, answer.took, answer.found, answer.result)
            })
            .collect()
    }
}

impl PreparedResolver {
    /// Prepares to ask a resolver; `system` is the machine's, also to look up servers that are named.
    pub(in crate::probe) fn new(
        resolver: &Resolver,
        system: &Arc<SystemResolver>,
    ) -> Result<Self, ResolverError> {
        let asks = asks(resolver, system)
            .map_err(|problem| ResolverError { resolver: Arc::clone(&resolver.name), problem })?;
        Ok(Self { name: Arc::clone(&resolver.name), asks })
    }

    /// How many sockets a question may hold at once.
    pub(in crate::probe) fn sockets(&self) -> u64 {
        match &self.asks {
            Asks::System(system) => system.sockets(),
            Asks::Server { way: Way::Encrypted(encrypted), .. } => encrypted.sockets(),
            Asks::Server { way: Way::Clear { .. }, .. } => 1,
        }
    }

    /// Asks one question by `deadline`; answers outside `expected` networks are findings.
    pub(in crate::probe) async fn lookup(
        &self,
        question: &Question,
        expected: &[IpNet],
        deadline: Deadline,
    ) -> Asked {
        let start = Instant::now();
        let (found, result, asking) = match &self.asks {
            Asks::System(system) => {
                let answer = system.ask(question, Breadth::All, deadline).await;
                (answer.found, answer.result, answer.others)
            }
            Asks::Server { way, anchors } => {
                let (sent, mut found) = (Sent::default(), Found::default());
                let line = Line::new(way.clone(), deadline, sent.clone());
                let result = ask_line(line, question, anchors.as_ref(), &mut found).await;
                found.queries = sent.so_far();
                found.times = sent.times();
                (found, result, None)
            }
        };
        let took = found.times.took(start);
        let effective = Lookup::of(Arc::clone(&self.name), question, expected, took, found, result);
        let servers = asking.map(|asking| NameServers {
            resolver: Arc::clone(&self.name),
            expected: expected.to_vec(),
            asking,
        });
        Asked { effective, servers }
    }
}

fn asks(resolver: &Resolver, system: &Arc<SystemResolver>) -> Result<Asks, Problem> {
    let anchors = dnssec::anchors(&resolver.dnssec)?;
    let server = match &resolver.kind {
        ResolverKind::System if resolver.dnssec == Validation::Off => {
            return Ok(Asks::System(Arc::clone(system)));
        }
        ResolverKind::System => return Err(Problem::SystemValidated),
        ResolverKind::Server(server) => server,
    };
    let way = match (server.transport, &server.host) {
        (Transport::Tls | Transport::Https, _) => {
            Way::Encrypted(Arc::new(Encrypted::new(Arc::clone(server), system)?))
        }
        (Transport::Udp | Transport::Tcp, Host::Address(address)) => {
            Way::Clear { address: (*address, server.port).into(), transport: server.transport }
        }
        (Transport::Udp | Transport::Tcp, Host::Name(name)) => return Err(Problem::Named(name.clone())),
    };
    Ok(Asks::Server { way, anchors })
}
