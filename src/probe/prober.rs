//! The prober of a target: all that can be made once, and one run of all its paths.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::dns::{self, Lookup, Question, QuestionError, SystemResolver};
use super::families::{Decision, Known, Looked};
use super::http::{CallPlan, PlanError};
use super::journey::{self, Start};
use super::tls::{self, TlsSetup};
use crate::clock;
use crate::outcome::{Family, Outcome, PathId, RecordType, Run};
use crate::target::{DIRECT, Families, Host, Scheme, Target};
use crate::units::Deadline;

/// Why a target cannot be probed as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Its host cannot be asked of DNS.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// Its TLS options do not work together.
    #[error(transparent)]
    Tls(#[from] tls::SetupError),
    /// Its call does not work.
    #[error(transparent)]
    Call(#[from] PlanError),
}

/// Everything that probes one target.
#[derive(Debug)]
pub struct Prober {
    target: Arc<Target>,
    system: Arc<SystemResolver>,
    questions: Option<[Question; 2]>,
    tls: Option<TlsSetup>,
    plan: CallPlan,
    paths: [PathId; 2],
    known: Mutex<Known>,
}

/// What one family of a run came to.
struct Leg {
    lookup: Option<Lookup>,
    outcome: Option<Outcome>,
}

impl Prober {
    /// Prepares to probe a target.
    ///
    /// # Errors
    /// If its parts do not work together, such as a name that TLS cannot send.
    pub fn try_new(target: Arc<Target>, system: Arc<SystemResolver>) -> Result<Self, SetupError> {
        let questions = match &target.endpoint.host {
            Host::Address(_) => None,
            Host::Name(name) => {
                Some([Question::new(name, RecordType::A)?, Question::new(name, RecordType::Aaaa)?])
            }
        };
        let tls = match target.endpoint.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(TlsSetup::new(&target.tls, target.http.offer, &target.endpoint.host)?),
        };
        let plan = CallPlan::new(&target)?;
        let route: Arc<str> = DIRECT.into();
        let path = |family| PathId { target: Arc::clone(&target.name), route: Arc::clone(&route), family };
        let paths = [path(Family::Ipv4), path(Family::Ipv6)];
        Ok(Self { target, system, questions, tls, plan, paths, known: Mutex::default() })
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Walks every path of the target once, the families beside each other.
    pub async fn run(&self) -> Run {
        let start = Start { wall: clock::wall(), at: Instant::now() };
        let deadline = Deadline::after(start.at, self.target.timeout);
        let (ipv4, ipv6) =
            tokio::join!(self.leg(Family::Ipv4, start, deadline), self.leg(Family::Ipv6, start, deadline));
        let decisions = match self.target.families {
            // An address literal has its one family, and listed families are walked whatever DNS says.
            Families::Only(_) => [(Family::Ipv4, Decision::Walk), (Family::Ipv6, Decision::Walk)],
            Families::Answered => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.decide(ipv4.looked(), ipv6.looked())
            }
        };
        let mut run = Run::of(Arc::clone(&self.target.name));
        for ((family, decision), leg) in decisions.into_iter().zip([ipv4, ipv6]) {
            if let Some(lookup) = &leg.lookup {
                run.lookups.push(lookup.stage.clone());
            }
            match decision {
                Decision::Walk => {
                    run.outcomes.extend(leg.finish(self.path(family), start, self.tls.is_some()));
                }
                Decision::Retire => run.retired.push(self.path(family).clone()),
                Decision::None => {}
            }
        }
        run
    }

    /// One family: its lookup, and its journey as soon as there are addresses.
    async fn leg(&self, family: Family, start: Start, deadline: Deadline) -> Leg {
        let wanted = match &self.target.families {
            Families::Answered => true,
            Families::Only(only) => only.contains(&family),
        };
        let (lookup, addresses): (Option<Lookup>, Vec<IpAddr>) =
            match (&self.target.endpoint.host, &self.questions) {
                _ if !wanted => return Leg { lookup: None, outcome: None },
                (Host::Address(address), _) if Family::of(*address) == family => (None, vec![*address]),
                (Host::Name(_), Some([a, aaaa])) => {
                    let question = if family == Family::Ipv6 { aaaa } else { a };
                    let expected = &self.target.expected_networks;
                    let lookup =
                        dns::lookup(&self.target.resolver, &self.system, question, expected, deadline).await;
                    let addresses = lookup.addresses().to_vec();
                    (Some(lookup), addresses)
                }
                (Host::Address(_) | Host::Name(_), _) => return Leg { lookup: None, outcome: None },
            };
        if addresses.is_empty() {
            return Leg { lookup, outcome: None };
        }
        let walk = journey::Walk { target: &self.target, tls: self.tls.as_ref(), plan: &self.plan, deadline };
        // Boxed: a lookup that fails does not carry the room for TLS and HTTP around.
        let outcome = Box::pin(walk.walk(self.path(family), start, lookup.clone(), &addresses)).await;
        Leg { lookup, outcome: Some(outcome) }
    }

    fn path(&self, family: Family) -> &PathId {
        let [ipv4, ipv6] = &self.paths;
        if family == Family::Ipv6 { ipv6 } else { ipv4 }
    }
}

impl Leg {
    fn looked(&self) -> Looked {
        match (&self.lookup, &self.outcome) {
            (_, Some(_)) => Looked::Addresses,
            (Some(lookup), None) => {
                lookup.stage.failure().map_or(Looked::NotAsked, |failure| Looked::Failed(failure.reason))
            }
            (None, None) => Looked::NotAsked,
        }
    }

    /// The outcome of a walked family: of its journey, or of the lookup that ended it.
    fn finish(self, path: &PathId, start: Start, tls_planned: bool) -> Option<Outcome> {
        match (self.outcome, self.lookup) {
            (Some(outcome), _) => Some(outcome),
            (None, Some(lookup)) => Some(journey::ended_by_dns(path, start, lookup, tls_planned)),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Stage;

    #[test]
    fn a_family_that_was_not_asked_for_has_no_outcome() {
        let leg = Leg { lookup: None, outcome: None };
        assert_eq!(leg.looked(), Looked::NotAsked);
        let path = PathId { target: "t".into(), route: DIRECT.into(), family: Family::Ipv4 };
        let start = Start { wall: clock::wall(), at: Instant::now() };
        assert!(leg.finish(&path, start, true).is_none());
    }

    #[test]
    fn a_stage_without_failure_is_no_failed_lookup() {
        let leg = Leg { lookup: Some(Lookup { stage: Stage::NotReached, findings: vec![] }), outcome: None };
        assert_eq!(leg.looked(), Looked::NotAsked);
    }
}
