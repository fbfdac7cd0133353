//! Names for an ordinary client: the endpoint's by the target's first resolver, its proxy's by the machine's.
//!
//! Promises: both families are asked for and waited for, as the C library does, for five seconds at the most; only
//! families that the target walks are handed on, IPv6 first, between which the client races.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

use crate::outcome::RecordType;
use crate::probe::dns::{PreparedResolver, Question, QuestionError, SystemResolver};
use crate::target::{Families, Host, Target};
use crate::units::Deadline;

/// How long names may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who is asked for which name.
#[derive(Debug)]
pub(super) struct Names(Arc<Known>);

#[derive(Debug)]
struct Known {
    endpoint: Option<(Box<str>, Vec<Question>)>,
    resolvers: Arc<[PreparedResolver]>,
    proxy: Option<(Box<str>, [Question; 2])>,
    system: Arc<SystemResolver>,
}

impl Names {
    /// The names of an endpoint and of a proxy on the way to it.
    pub(super) fn new(
        target: &Target,
        endpoint: &Host,
        proxy: Option<&Host>,
        resolvers: &Arc<[PreparedResolver]>,
        system: &Arc<SystemResolver>,
    ) -> Result<Self, QuestionError> {
        let named = |host: &Host| match host {
            Host::Name(name) => Some(Box::from(name.as_str())),
            Host::Address(_) => None,
        };
        let wanted = |kind: &RecordType| match &target.families {
            Families::Answered => true,
            Families::Only(only) => only.contains(&kind.family()),
        };
        let endpoint = named(endpoint).map(|name: Box<str>| {
            let kinds = [RecordType::Aaaa, RecordType::A].into_iter().filter(wanted);
            let questions = kinds.map(|kind| Question::new(&name, kind)).collect::<Result<_, _>>()?;
            Ok((name, questions))
        });
        let proxy = proxy.and_then(named).map(|name| {
            let questions = [Question::new(&name, RecordType::A)?, Question::new(&name, RecordType::Aaaa)?];
            Ok((name, questions))
        });
        Ok(Self(Arc::new(Known {
            endpoint: endpoint.transpose()?,
            resolvers: Arc::clone(resolvers),
            proxy: proxy.transpose()?,
            system: Arc::clone(system),
        })))
    }
}

impl Known {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let deadline = Deadline::after(Instant::now(), PATIENCE);
        // SOCKS hands over addresses too, as they stand in a URL.
        if let Ok(address) = name.trim_matches(['[', ']']).parse() {
            return Ok(vec![address]);
        }
        match (&self.endpoint, &self.proxy, self.resolvers.first()) {
            (Some((known, questions)), _, Some(resolver)) if **known == *name => {
                ask(resolver, questions, deadline).await
            }
            (_, Some((known, [a, aaaa])), _) if **known == *name => {
                let (found, _) = self.system.host([a, aaaa], deadline).await;
                found.map_err(|failure| failure.detail)
            }
            _ => Err(format!("no resolver is asked for {name}")),
        }
    }
}

/// All addresses, or why there are none.
async fn ask(
    resolver: &PreparedResolver,
    questions: &[Question],
    deadline: Deadline,
) -> Result<Vec<IpAddr>, String> {
    let lookups = questions.iter().map(|question| resolver.lookup(question, &[], deadline));
    let mut addresses = Vec::new();
    let mut problems = Vec::new();
    for asked in futures_util::future::join_all(lookups).await {
        addresses.extend_from_slice(asked.effective.addresses());
        problems.extend(asked.effective.stage.failure().map(|failure| failure.detail.clone()));
    }
    if addresses.is_empty() { Err(problems.join("; ")) } else { Ok(addresses) }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let known = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = known.addresses(name.as_str()).await?;
            // The client puts its own port in place of 0.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
