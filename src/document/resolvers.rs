//! What each resolver said: those of the target, and those that were asked beside.

use schemars::JsonSchema;
use serde::Serialize;

use super::Label;
use crate::outcome::{DnsEvidence, FollowUp, Lookup, Reason, Stage, Trial};

/// What one resolver said for one type of record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ResolverPart {
    /// The resolver's name; of a server of resolv.conf its address.
    pub resolver: String,
    /// `A` or `AAAA`.
    pub record_type: &'static str,
    /// The response code, such as `NOERROR`; `null` where no well-formed reply came.
    pub rcode: Option<String>,
    /// The addresses.
    pub addresses: Vec<String>,
    /// How long it took.
    pub seconds: f64,
    /// Why there is no answer that can be used; `null` where there is one.
    pub reason: Option<Label<Reason>>,
    /// What was asked and what came back, of such a failure.
    pub detail: Option<String>,
}

impl ResolverPart {
    fn of(stage: &Stage<DnsEvidence>) -> Option<Self> {
        let (evidence, took) = stage.evidence().zip(stage.took())?;
        let failure = stage.failure();
        Some(Self {
            resolver: evidence.resolver.to_string(),
            record_type: evidence.record_type.label(),
            rcode: evidence.rcode.clone(),
            addresses: evidence.addresses.iter().map(ToString::to_string).collect(),
            seconds: took.as_secs_f64(),
            reason: failure.map(|failure| Label(failure.reason)),
            detail: failure.map(|failure| failure.detail.clone()),
        })
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let Self { resolver, record_type, rcode, addresses, seconds: _, reason, detail } = self;
        (resolver, record_type, rcode) == (&other.resolver, &other.record_type, &other.rcode)
            && (addresses, reason, detail) == (&other.addresses, &other.reason, &other.detail)
    }

    pub(super) fn texts(&mut self, each: &mut impl FnMut(&mut String)) {
        each(&mut self.resolver);
        self.addresses.iter_mut().for_each(&mut *each);
        self.detail.iter_mut().for_each(each);
    }
}

/// What all resolvers said, each thing once.
#[must_use]
pub fn of(lookups: &[Lookup], follow_ups: &[FollowUp]) -> Vec<ResolverPart> {
    let beside = follow_ups.iter().filter_map(|made| match &made.trial {
        Trial::OtherResolver { stage, .. } => Some(stage),
        _ => None,
    });
    let mut parts: Vec<ResolverPart> = Vec::new();
    for part in lookups.iter().map(|lookup| &lookup.stage).chain(beside).filter_map(ResolverPart::of) {
        if !parts.iter().any(|known| known.says_the_same(&part)) {
            parts.push(part);
        }
    }
    parts
}
