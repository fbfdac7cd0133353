//! One endpoint of a target: all that can be made once for it, and one run of all ways to it.
//!
//! Promises: the families, routes, resolvers and addresses are walked beside each other, each on its own connection, so
//! that one that hangs costs the others nothing; only the answer of the first resolver is walked.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::address;
use super::dns::{self, Lookup, NameServers, PreparedResolver, Question, SystemResolver};
use super::families::{Decision, Known, Looked};
use super::http::CallPlan;
use super::journey::{Start, Via, Walk};
use super::outside::{Outside, OutsideCheck};
use super::paths;
use super::pooled::PooledClient;
use super::prober::SetupError;
use super::proxy::Destination;
use super::retry::{self, Retries};
use super::tls::TlsSetup;
use super::way::{self, ProxyWay, Way, WayKind};
use crate::outcome::{
    Asked, Connection, Family, Finding, Layer, Lookup as LookupRecord, Outcome, PathId, PooledCall,
    RecordType,
};
use crate::target::{Addresses, Families, Host, Order, Scheme, Site, Target};
use crate::units::Deadline;

/// What one run found at one endpoint.
#[derive(Debug)]
pub(super) struct SiteRun {
    pub(super) endpoint: Arc<str>,
    pub(super) lookups: Vec<LookupRecord>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) pooled: Vec<PooledCall>,
    pub(super) retired: Vec<PathId>,
    pub(super) findings: Vec<Finding>,
}

/// Everything that probes one endpoint of a target.
#[derive(Debug)]
pub(super) struct SiteProber {
    target: Arc<Target>,
    site: Site,
    shown: Arc<str>,
    system: Arc<SystemResolver>,
    resolvers: Arc<[PreparedResolver]>,
    questions: Option<[Question; 2]>,
    tls: Option<TlsSetup>,
    plan: CallPlan,
    /// The provider's free call without a key, where that is another one.
    substitute: Option<Box<CallPlan>>,
    ways: Vec<Way>,
    /// One ordinary client a route, where calls are to be made by such as well.
    pooled: Vec<(Arc<str>, PooledClient)>,
    outside: Option<Box<OutsideCheck>>,
    known: Mutex<Known>,
}

/// What one family of a run came to.
#[derive(Debug)]
struct Leg {
    family: Family,
    /// What the resolvers said, the one that is walked first; empty if this family was not asked for.
    lookups: Vec<Lookup>,
    /// What each of their name servers said by itself.
    servers: Vec<Lookup>,
    outcomes: Vec<Outcome>,
}

impl Leg {
    fn looked(&self) -> Looked {
        match self.lookups.first() {
            _ if !self.outcomes.is_empty() => Looked::Addresses,
            Some(lookup) => match lookup.stage.failure() {
                Some(failure) => Looked::Failed(failure.reason),
                None => Looked::Addresses,
            },
            None => Looked::NotAsked,
        }
    }
}

impl SiteProber {
    pub(super) fn new(
        target: &Arc<Target>,
        site: &Site,
        resolvers: Arc<[PreparedResolver]>,
        system: &Arc<SystemResolver>,
    ) -> Result<Self, SetupError> {
        let endpoint = &site.endpoint;
        let questions = match &endpoint.host {
            Host::Name(name) if !target.resolvers.is_empty() => {
                Some([Question::new(name, RecordType::A)?, Question::new(name, RecordType::Aaaa)?])
            }
            Host::Address(_) | Host::Name(_) => None,
        };
        let alpn = target.http.offer.alpn();
        let tls = match endpoint.scheme {
            Scheme::Https if target.top >= Layer::Tls => {
                Some(TlsSetup::new(&target.tls, alpn, &endpoint.host, site.public)?)
            }
            Scheme::Http | Scheme::Https => None,
        };
        let ways = target.routes.iter().map(|route| Way::new(&target.name, route, endpoint));
        let ways: Vec<_> = ways.collect::<Result<_, _>>()?;
        let mut pooled = Vec::new();
        if target.call.connection == Connection::Reused {
            for (route, way) in target.routes.iter().zip(&ways) {
                let client = PooledClient::new(target, site, way, tls.as_ref(), &resolvers, system)?;
                pooled.extend(client.map(|client| (Arc::clone(&route.name), client)));
            }
        }
        let substitute = target.substitute();
        Ok(Self {
            target: Arc::clone(target),
            shown: endpoint.shown().into(),
            system: Arc::clone(system),
            resolvers,
            questions,
            tls,
            plan: CallPlan::new(target, endpoint, target.call.kind)?,
            substitute: substitute
                .map(|kind| CallPlan::new(target, endpoint, kind).map(Box::new))
                .transpose()?,
            ways,
            pooled,
            outside: OutsideCheck::new(target, endpoint).map(Box::new),
            known: Mutex::default(),
            site: site.clone(),
        })
    }

    /// Walks every way to the endpoint once.
    pub(super) async fn run(&self, order: Order) -> SiteRun {
        self.walked(Start::of_run(self.target.top, order), self.target.timeout).await
    }

    /// Walks every way once, no further up than the start says, and within this time. What is no run changes nothing of what
    /// is known of the endpoint.
    pub(super) async fn walked(&self, start: Start, within: Duration) -> SiteRun {
        let deadline = Deadline::after(start.at, within);
        let (ipv4, ipv6, named, pooled) = tokio::join!(
            self.leg(Family::Ipv4, start, deadline),
            self.leg(Family::Ipv6, start, deadline),
            self.by_name(start, deadline),
            self.by_ordinary_clients(start, deadline),
        );
        let decisions = match self.target.families {
            // An address literal has its one family, and listed families are walked whatever DNS says.
            Families::Only(_) => [(Family::Ipv4, Decision::Walk), (Family::Ipv6, Decision::Walk)],
            Families::Answered => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                let mut unchanged = *known;
                let known = if start.is_run() { &mut *known } else { &mut unchanged };
                known.decide(ipv4.looked(), ipv6.looked())
            }
        };
        let mut run = SiteRun {
            endpoint: Arc::clone(&self.shown),
            lookups: Vec::new(),
            outcomes: Vec::new(),
            pooled,
            retired: Vec::new(),
            findings: Vec::new(),
        };
        for ((family, decision), leg) in decisions.into_iter().zip([ipv4, ipv6]) {
            if leg.lookups.len() + leg.servers.len() > 1 {
                let all = leg.lookups.iter().chain(&leg.servers).map(|lookup| &lookup.stage);
                run.findings.extend(dns::compare(all));
            }
            run.lookups.extend(leg.lookups.iter().map(|lookup| self.record(Asked::Resolver, lookup)));
            run.lookups.extend(leg.servers.iter().map(|lookup| self.record(Asked::NameServer, lookup)));
            match decision {
                Decision::Walk => run.outcomes.extend(self.finish(leg, start, deadline)),
                Decision::Retire => {
                    run.retired.extend(self.addressed().map(|way| way.path(family).clone()));
                }
                Decision::None => {}
            }
        }
        run.outcomes.extend(named);
        run.findings.extend(paths::compare(&run.outcomes));
        run
    }

    /// The configured call by the ordinary client of every route; no client makes the substitute.
    async fn by_ordinary_clients(&self, start: Start, deadline: Deadline) -> Vec<PooledCall> {
        if start.order != Order::Configured || !start.is_run() {
            return Vec::new();
        }
        join_all(self.pooled.iter().map(|(route, client)| async {
            let stage = client.call(deadline).await;
            PooledCall { endpoint: Arc::clone(&self.shown), route: Arc::clone(route), stage }
        }))
        .await
    }

    /// How many descriptors a run may hold at once. In each family the first resolver is asked before there is anything to
    /// connect to; the others, and its own further name servers, may still be waited for beside the connections.
    pub(super) fn descriptors(&self) -> u64 {
        let each = match self.target.addresses {
            Addresses::First => 1,
            Addresses::All => 1 + u64::try_from(address::MOST).unwrap_or(u64::MAX),
        };
        let asked = match (&self.questions, self.resolvers.split_first()) {
            (Some(_), Some((first, others))) => {
                let beside: u64 = others.iter().map(PreparedResolver::sockets).sum();
                first.sockets() - 1 + beside
            }
            _ => 0,
        };
        let direct = self.addressed().any(|way| matches!(way.kind, WayKind::Direct));
        let outside = self.outside.as_ref().filter(|_| direct).map_or(0, |outside| outside.sockets());
        let (mut addressed, mut named) = (0, 0);
        for way in &self.ways {
            let sockets = way.sockets(&self.system);
            *(if way.needs_address() { &mut addressed } else { &mut named }) += sockets;
        }
        let families = match (&self.site.endpoint.host, &self.target.families) {
            (Host::Address(_), _) => 1,
            (Host::Name(_), Families::Answered) => 2,
            (Host::Name(_), Families::Only(only)) => u64::try_from(only.len()).unwrap_or(u64::MAX),
        };
        let first = self.resolvers.first().map_or(1, PreparedResolver::sockets);
        if self.target.top == Layer::Dns {
            // Nothing is connected to in the place of the question's sockets.
            return families * (asked + 1);
        }
        let of_question = first.max(self.system.sockets());
        let clients = u64::try_from(self.pooled.len()).unwrap_or(u64::MAX);
        let pooled = clients * PooledClient::descriptors(of_question);
        families * (asked + addressed * each + outside) + named + pooled
    }

    /// The ways that need an address.
    fn addressed(&self) -> impl Iterator<Item = &Way> {
        self.ways.iter().filter(|way| way.needs_address())
    }

    fn record(&self, asked: Asked, lookup: &Lookup) -> LookupRecord {
        LookupRecord { endpoint: Arc::clone(&self.shown), asked, stage: lookup.stage.clone() }
    }

    /// One family: its lookups, and its journeys as soon as there are addresses.
    async fn leg(&self, family: Family, start: Start, deadline: Deadline) -> Leg {
        let mut leg = Leg { family, lookups: Vec::new(), servers: Vec::new(), outcomes: Vec::new() };
        let wanted = match &self.target.families {
            Families::Answered => true,
            Families::Only(only) => only.contains(&family),
        };
        match (&self.site.endpoint.host, &self.questions) {
            _ if !wanted => {}
            (Host::Address(address), _) => {
                if Family::of(*address) == family {
                    leg.outcomes = self.on_addresses(family, start, deadline, None, &[*address]).await;
                }
            }
            (Host::Name(_), Some([a, aaaa])) => {
                let question = if family == Family::Ipv6 { aaaa } else { a };
                self.resolved(&mut leg, question, start, deadline).await;
            }
            (Host::Name(_), None) => {}
        }
        leg
    }

    /// Asks all resolvers at once, and walks what the first one says as soon as it is known.
    async fn resolved(&self, leg: &mut Leg, question: &Question, start: Start, deadline: Deadline) {
        let expected = &self.site.expected_networks;
        let Some((first, rest)) = self.resolvers.split_first() else { return };
        let family = leg.family;
        let walked = async {
            let asked = first.lookup(question, expected, deadline).await;
            let mut addresses = asked.effective.addresses().to_vec();
            addresses.truncate(address::MOST);
            let journeys = async {
                if addresses.is_empty() {
                    return Vec::new();
                }
                self.on_addresses(family, start, deadline, Some(&asked.effective), &addresses).await
            };
            let (outcomes, servers) = tokio::join!(journeys, each(asked.servers));
            (asked.effective, servers, outcomes)
        };
        let others = join_all(rest.iter().map(|other| async {
            let asked = other.lookup(question, expected, deadline).await;
            (asked.effective, each(asked.servers).await)
        }));
        let ((lookup, servers, outcomes), others) = tokio::join!(walked, others);
        leg.outcomes = outcomes;
        leg.lookups.push(lookup);
        leg.servers.extend(servers);
        for (lookup, servers) in others {
            leg.lookups.push(lookup);
            leg.servers.extend(servers);
        }
    }

    fn walk<'a>(&'a self, path: &'a PathId, start: Start, deadline: Deadline) -> Walk<'a> {
        Walk {
            path,
            endpoint: &self.shown,
            port: self.site.endpoint.port,
            offer: self.target.http.offer,
            tls: self.tls.as_ref().filter(|_| start.top >= Layer::Tls),
            plan: match start.order {
                _ if start.top < Layer::Api => None,
                // Beside ordinary clients it is not made twice, unless it is free and there is nothing else to make.
                Order::Configured if !self.pooled.is_empty() => {
                    self.substitute.as_deref().or((!self.target.call.kind.is_paid()).then_some(&self.plan))
                }
                Order::Configured => Some(&self.plan),
                Order::Substitute => self.substitute.as_deref(),
            },
            start,
            deadline,
        }
    }

    /// Every way that needs an address, on these addresses.
    async fn on_addresses(
        &self,
        family: Family,
        start: Start,
        deadline: Deadline,
        lookup: Option<&Lookup>,
        addresses: &[IpAddr],
    ) -> Vec<Outcome> {
        join_all(self.addressed().map(|way| {
            let walk = self.walk(way.path(family), start, deadline);
            self.on_way(way, walk, lookup.cloned(), addresses)
        }))
        .await
    }

    /// One way on these addresses; with `addresses: all` each of them by itself as well.
    async fn on_way(
        &self,
        way: &Way,
        walk: Walk<'_>,
        lookup: Option<Lookup>,
        addresses: &[IpAddr],
    ) -> Outcome {
        let each = match self.target.addresses {
            Addresses::All if walk.start.is_run() => addresses,
            Addresses::All | Addresses::First => &[],
        };
        // What costs money is called once a path. Each by itself and with all of the time, the first one too: the path's own journey may give it less, and go on.
        let each = each.iter().map(|one| async move {
            let plan = if self.target.call.kind.is_paid() { self.substitute.as_deref() } else { walk.plan };
            let walk = Walk { start: walk.start.again(), plan, ..walk };
            let outcome = Box::pin(self.step(way, walk, None, std::slice::from_ref(one))).await;
            address::result(*one, &outcome)
        });
        let outside = async {
            match (&way.kind, &self.outside) {
                (WayKind::Direct, Some(outside)) if walk.start.is_run() => {
                    Box::pin(outside.make(addresses, walk.tls, walk.deadline)).await
                }
                _ => Outside::default(),
            }
        };
        // Boxed: a lookup that fails does not carry the room for TLS and HTTP around.
        let journey = Box::pin(self.tried(way, walk, lookup, addresses));
        let (mut outcome, each, outside) = tokio::join!(journey, join_all(each), outside);
        outcome.findings.extend(way.findings.iter().cloned());
        outcome.outside = outside.checks;
        outcome.findings.extend(outside.findings);
        address::put(&mut outcome, each);
        outcome
    }

    /// One walk over one way, and further attempts where it fails and the target asks for them.
    async fn tried(
        &self,
        way: &Way,
        walk: Walk<'_>,
        lookup: Option<Lookup>,
        addresses: &[IpAddr],
    ) -> Outcome {
        let mut outcome = self.step(way, walk, lookup, addresses).await;
        if self.target.retry.max_attempts > 1 && walk.start.is_run() && !outcome.success() {
            let mut retries = Retries::new(&self.target.retry);
            let mut next = retries.wait(&outcome, walk.deadline).await;
            while let Some(waited) = next {
                let walk = Walk { start: walk.start.again(), ..walk };
                let another = Box::pin(self.step(way, walk, None, addresses)).await;
                outcome.retries.push(retry::attempt(waited, &another));
                next = retries.wait(&another, walk.deadline).await;
            }
        }
        outcome
    }

    /// One walk over one way.
    async fn step(&self, way: &Way, walk: Walk<'_>, lookup: Option<Lookup>, addresses: &[IpAddr]) -> Outcome {
        match (&way.kind, addresses.first()) {
            (WayKind::ProxyToAddress(proxy), Some(address)) => {
                let destination = Destination::Address((*address, self.site.endpoint.port).into());
                // Boxed: a way straight there does not carry the room for a tunnel.
                self.through(proxy, walk, lookup, destination).boxed().await
            }
            (WayKind::ProxyToName(proxy), _) => {
                self.through(proxy, walk, None, way::by_name(&self.site.endpoint)).boxed().await
            }
            (WayKind::Unsupported(failure), _) => walk.ended_by_config(failure.clone(), "proxy variables"),
            (WayKind::ProxyToAddress(_), None) | (WayKind::Direct, _) => walk.direct(lookup, addresses).await,
        }
    }

    async fn through(
        &self,
        proxy: &ProxyWay,
        walk: Walk<'_>,
        lookup: Option<Lookup>,
        destination: Destination<'_>,
    ) -> Outcome {
        let found = proxy.resolve(&self.system, walk.deadline).await;
        walk.through(lookup, &proxy.setup, found.resolved(), destination).await
    }

    /// Every way on which the canary does not choose the address.
    async fn by_name(&self, start: Start, deadline: Deadline) -> Vec<Outcome> {
        let ways = self.ways.iter().filter(|way| !way.needs_address());
        join_all(ways.map(|way| async move {
            let walk = self.walk(way.path(Family::Any), start, deadline);
            let mut outcome = Box::pin(self.tried(way, walk, None, &[])).await;
            outcome.findings.extend(way.findings.iter().cloned());
            outcome
        }))
        .await
    }

    /// The outcomes of a family that is walked: of its journeys, or of the lookup that ended them.
    fn finish(&self, leg: Leg, start: Start, deadline: Deadline) -> Vec<Outcome> {
        let Some(lookup) = leg.lookups.first().filter(|_| leg.outcomes.is_empty()) else {
            return leg.outcomes;
        };
        let ended = |way: &Way| {
            let via = match way.kind {
                WayKind::ProxyToAddress(_) => Via::Proxy,
                WayKind::Direct | WayKind::ProxyToName(_) | WayKind::Unsupported(_) => Via::Tcp,
            };
            let walk = self.walk(way.path(leg.family), start, deadline);
            let mut outcome = walk.ended_by_dns(lookup.clone(), via);
            outcome.findings.extend(way.findings.iter().cloned());
            outcome
        };
        self.addressed().map(ended).collect()
    }
}

/// What each name server says, when all have said it.
async fn each(servers: Option<NameServers>) -> Vec<Lookup> {
    match servers {
        Some(servers) => servers.lookups().await,
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
