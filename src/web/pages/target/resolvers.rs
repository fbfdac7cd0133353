//! What the resolvers said, side by side: who was asked, for what, and where the answers differ.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::moment::span;
use super::telling::Telling;
use crate::diagnosis::Phrase;
use crate::document::time;
use crate::outcome::{AnswerSource, Asked, DnsEvidence, Dnssec, Lookup, Reason, RecordType, Stage};
use crate::web::pages::Word;

/// What was said of one endpoint's host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) endpoint: String,
    /// The record types, as columns.
    pub(super) kinds: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
}

/// What one resolver said.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// Whether it is one server of a resolver that has several.
    pub(super) one_of_several: bool,
    /// One for each record type.
    pub(super) cells: Vec<Option<Said>>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) ok: bool,
    pub(super) rcode: String,
    pub(super) reason: Option<&'static str>,
    pub(super) detail: Option<String>,
    pub(super) addresses: Vec<Address>,
    /// Whether it has nothing in common with what any other said.
    pub(super) alone: bool,
    /// Time, TTL, DNSSEC, source.
    pub(super) facts: String,
}

/// An address.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) address: String,
    /// `unexpected`, `only-here` or nothing.
    pub(super) mark: &'static str,
    pub(super) words: Option<&'static str>,
}

/// The answers for every host.
pub(super) fn of(telling: &Telling<'_>) -> Vec<Host> {
    let Some(last) = &telling.known.last else { return Vec::new() };
    let lookups = &last.run.lookups;
    let mut endpoints: Vec<&str> = Vec::new();
    for lookup in lookups {
        if !endpoints.contains(&&*lookup.endpoint) {
            endpoints.push(&lookup.endpoint);
        }
    }
    let host = |endpoint: &str| {
        let of_host: Vec<&Lookup> = lookups.iter().filter(|lookup| *lookup.endpoint == *endpoint).collect();
        host(endpoint, &of_host, telling)
    };
    endpoints.into_iter().map(host).filter(|host| !host.rows.is_empty()).collect()
}

fn host(endpoint: &str, lookups: &[&Lookup], telling: &Telling<'_>) -> Host {
    let answers: Vec<(&Lookup, &DnsEvidence)> =
        lookups.iter().filter_map(|lookup| Some((*lookup, lookup.stage.evidence()?))).collect();
    let asked = |kind: &RecordType| answers.iter().any(|(_, evidence)| evidence.record_type == *kind);
    let kinds: Vec<RecordType> = [RecordType::A, RecordType::Aaaa].into_iter().filter(asked).collect();
    let mut names: Vec<(&str, bool)> = Vec::new();
    for (lookup, evidence) in &answers {
        let name = (&*evidence.resolver, lookup.asked == Asked::NameServer);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let row = |(name, one_of_several): (&str, bool)| {
        let cell = |kind: &RecordType| {
            let own = |(lookup, evidence): &&(&Lookup, &DnsEvidence)| {
                *evidence.resolver == *name
                    && evidence.record_type == *kind
                    && (lookup.asked == Asked::NameServer) == one_of_several
            };
            let (lookup, evidence) = answers.iter().find(own)?;
            let others = answers.iter().filter(|(_, other)| {
                other.record_type == *kind && *other.resolver != *name && !other.addresses.is_empty()
            });
            let others: Vec<&DnsEvidence> = others.map(|(_, other)| *other).collect();
            let has_other = answers.iter().any(|(_, other)| {
                other.record_type != *kind && *other.resolver == *name && !other.addresses.is_empty()
            });
            Some(Said::of(&lookup.stage, evidence, &others, has_other, telling))
        };
        Row { name: name.to_owned(), one_of_several, cells: kinds.iter().map(cell).collect() }
    };
    Host {
        endpoint: endpoint.to_owned(),
        rows: names.into_iter().map(row).collect(),
        kinds: kinds.iter().map(|kind| kind.label()).collect(),
    }
}

impl Said {
    fn of(
        stage: &Stage<DnsEvidence>,
        evidence: &DnsEvidence,
        others: &[&DnsEvidence],
        has_other: bool,
        telling: &Telling<'_>,
    ) -> Self {
        // That a name has no address of a family is no trouble, as long as it has one of the other.
        let failure = stage.failure().filter(|failure| !(failure.reason == Reason::DnsNodata && has_other));
        let elsewhere: BTreeSet<IpAddr> = others.iter().flat_map(|other| other.addresses.clone()).collect();
        let unexpected = evidence.unexpected.as_deref().unwrap_or_default();
        let address = |address: &IpAddr| {
            let (mark, words) = if unexpected.contains(address) {
                ("unexpected", Some(telling.word(Word::Unexpected)))
            } else if !others.is_empty() && !elsewhere.contains(address) {
                ("only-here", Some(telling.word(Word::OnlyHere)))
            } else {
                ("", None)
            };
            Address { address: address.to_string(), mark, words }
        };
        let shared = evidence.addresses.iter().any(|address| elsewhere.contains(address));
        Self {
            ok: failure.is_none() && unexpected.is_empty(),
            rcode: evidence.rcode.clone().unwrap_or_else(|| telling.phrase(Phrase::NoAnswer).to_owned()),
            reason: failure.map(|failure| failure.reason.label()),
            detail: stage.failure().map(|failure| failure.detail.clone()),
            addresses: evidence.addresses.iter().map(address).collect(),
            alone: !others.is_empty() && !evidence.addresses.is_empty() && !shared,
            facts: facts(stage, evidence, telling),
        }
    }
}

/// Time, TTL, DNSSEC, source and the names on the way, as far as they are known.
fn facts(stage: &Stage<DnsEvidence>, evidence: &DnsEvidence, telling: &Telling<'_>) -> String {
    let source = match evidence.source {
        AnswerSource::Server { address, transport } => Some(format!("{transport} {address}")),
        AnswerSource::HostsFile => Some(telling.phrase(Phrase::HostsFile).to_owned()),
        AnswerSource::Special => Some(telling.phrase(Phrase::SpecialName).to_owned()),
        AnswerSource::Nobody => None,
    };
    let dnssec = evidence.dnssec.map(|dnssec| match dnssec {
        Dnssec::Secure => telling.word(Word::DnssecSecure).to_owned(),
        Dnssec::Insecure => telling.word(Word::DnssecInsecure).to_owned(),
    });
    let cnames = (!evidence.cnames.is_empty()).then(|| format!("CNAME {}", evidence.cnames.join(" → ")));
    let all = [
        stage.took().map(time),
        evidence.ttl.map(|ttl| format!("TTL {}", span(ttl))),
        dnssec,
        source,
        cnames,
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
