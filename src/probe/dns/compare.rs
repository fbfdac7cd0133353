//! What the answers of several resolvers to one question say together: pure.
//!
//! Promises: the order of the resolvers does not matter; a resolver alone and equal answers are never a finding; what
//! is said is bounded however many resolvers and addresses there are.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::judge::is_public;
use crate::outcome::{AnswerSource, DnsEvidence, Failure, Finding, Reason, Stage};

/// As many resolvers are named, and as many addresses of each.
const MOST_RESOLVERS: usize = 4;
const MOST_ADDRESSES: usize = 3;

/// Compares the lookups of one record type of one name.
///
/// Where `system` comes with its name servers (`system/192.0.2.1`), these stand for it, unless the answer was that of
/// the hosts file.
pub(in crate::probe) fn compare<'a>(
    lookups: impl IntoIterator<Item = &'a Stage<DnsEvidence>>,
) -> Vec<Finding> {
    let mut voices: Vec<Voice<'_>> = lookups.into_iter().filter_map(Voice::of).collect();
    let names: BTreeSet<&str> = voices.iter().map(|voice| voice.resolver).collect();
    let stood_for = |voice: &Voice<'_>| {
        let part = |name: &&str| name.strip_prefix(voice.resolver).is_some_and(|rest| rest.starts_with('/'));
        voice.of_a_server && names.iter().any(part)
    };
    voices.retain(|voice| !stood_for(voice));
    voices.sort_by(|one, other| (one.resolver, &one.says).cmp(&(other.resolver, &other.says)));
    [down(&voices), disagreement(&voices)].into_iter().flatten().collect()
}

/// One resolver and what it says.
#[derive(Debug)]
struct Voice<'a> {
    resolver: &'a str,
    of_a_server: bool,
    kind: &'static str,
    expected: bool,
    says: Says<'a>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says<'a> {
    Addresses { all: BTreeSet<IpAddr>, unexpected: bool },
    Nodata,
    Nxdomain,
    Nothing(&'a str),
}

impl<'a> Voice<'a> {
    fn of(stage: &'a Stage<DnsEvidence>) -> Option<Self> {
        let evidence = stage.evidence()?;
        let says = match stage.failure() {
            None => Says::Addresses {
                all: evidence.addresses.iter().copied().collect(),
                unexpected: evidence.unexpected.as_ref().is_some_and(|unexpected| !unexpected.is_empty()),
            },
            Some(Failure { reason, detail }) => match reason {
                Reason::DnsNodata => Says::Nodata,
                Reason::DnsNxdomain => Says::Nxdomain,
                // Our own trouble says nothing of a resolver.
                Reason::CanaryExhausted => return None,
                _ => Says::Nothing(detail),
            },
        };
        Some(Self {
            resolver: &evidence.resolver,
            of_a_server: matches!(evidence.source, AnswerSource::Server { .. } | AnswerSource::Nobody),
            kind: evidence.record_type.label(),
            expected: evidence.unexpected.is_some(),
            says,
        })
    }

    fn addresses(&self) -> Option<&BTreeSet<IpAddr>> {
        match &self.says {
            Says::Addresses { all, .. } => Some(all),
            Says::Nodata | Says::Nxdomain | Says::Nothing(_) => None,
        }
    }

    /// Whether it points where the API cannot be: outside the expected networks or, without any, at an address that is
    /// not public.
    fn misleads(&self) -> bool {
        match &self.says {
            Says::Addresses { unexpected, .. } if self.expected => *unexpected,
            Says::Addresses { all, .. } => !all.iter().all(is_public),
            Says::Nodata | Says::Nxdomain | Says::Nothing(_) => false,
        }
    }

    /// Whether its addresses were made from IPv4 ones by the resolver itself (DNS64), which others do not do.
    fn is_made_up(&self) -> bool {
        let made = |address: &IpAddr| match address {
            IpAddr::V4(_) => false,
            IpAddr::V6(v6) => v6.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]),
        };
        self.addresses().is_some_and(|all| all.iter().all(made))
    }

    fn in_words(&self) -> String {
        let resolver = self.resolver;
        match &self.says {
            Says::Addresses { all, .. } => {
                let shown: Vec<_> = all.iter().take(MOST_ADDRESSES).map(ToString::to_string).collect();
                let mut words = format!("{resolver} answers {}", shown.join(", "));
                if all.len() > shown.len() {
                    words += &format!(" and {} more", all.len() - shown.len());
                }
                match self.misleads() {
                    false => words,
                    true if all.iter().all(is_public) => words + " (outside the expected networks)",
                    true => words + " (sinkhole)",
                }
            }
            Says::Nodata => format!("{resolver} has no {} record", self.kind),
            Says::Nxdomain => format!("{resolver} says the name does not exist"),
            Says::Nothing(detail) => format!("{resolver}: {detail}"),
        }
    }
}

/// Those that give no usable answer while another does.
fn down(voices: &[Voice<'_>]) -> Option<Finding> {
    let silent = |voice: &&Voice<'_>| matches!(voice.says, Says::Nothing(_));
    let down: Vec<_> = voices.iter().filter(silent).collect();
    let Says::Nothing(why) = down.first()?.says else { return None };
    if down.len() == voices.len() {
        return None;
    }
    let names: Vec<_> = down.iter().map(|voice| voice.resolver.to_owned()).collect();
    let words = format!("no answer from {}: {why}", bounded(&names, ", "));
    Some(Finding::new(Reason::DnsResolverDown, words))
}

fn disagreement(voices: &[Voice<'_>]) -> Option<Finding> {
    let heard: Vec<&Voice<'_>> =
        voices.iter().filter(|voice| !matches!(voice.says, Says::Nothing(_))).collect();
    let (with, without): (Vec<&Voice<'_>>, Vec<&Voice<'_>>) =
        heard.iter().partition(|voice| voice.addresses().is_some());
    let misled = with.iter().any(|voice| voice.misleads()) && with.iter().any(|voice| !voice.misleads());
    let denied = !without.is_empty() && with.iter().any(|voice| !voice.is_made_up());
    let expected = voices.iter().any(|voice| voice.expected);
    let apart: Vec<&Voice<'_>> =
        with.iter().copied().filter(|voice| !expected && stands_apart(voice, &with)).collect();
    if !misled && !denied && apart.is_empty() {
        return None;
    }
    // The odd ones first, so that they are named however many there are.
    let odd = |voice: &&Voice<'_>| {
        let apart = apart.iter().any(|other| std::ptr::eq(*other, *voice));
        (misled && voice.misleads()) || apart || (denied && voice.addresses().is_none())
    };
    let (first, rest): (Vec<&Voice<'_>>, Vec<&Voice<'_>>) = heard.into_iter().partition(odd);
    let words: Vec<_> = first.into_iter().chain(rest).map(|voice| voice.in_words()).collect();
    Some(Finding::new(Reason::DnsDisagreement, bounded(&words, "; ")))
}

/// Whether others have addresses, and none of them is one of this resolver's.
fn stands_apart(voice: &Voice<'_>, with: &[&Voice<'_>]) -> bool {
    let Some(own) = voice.addresses() else { return false };
    let mut others =
        with.iter().filter(|other| !std::ptr::eq(**other, voice)).filter_map(|other| other.addresses());
    with.len() > 1 && others.all(|other| own.is_disjoint(other))
}

fn bounded(words: &[String], between: &str) -> String {
    let shown = words.get(..MOST_RESOLVERS.min(words.len())).unwrap_or_default().join(between);
    match words.len().saturating_sub(MOST_RESOLVERS) {
        0 => shown,
        more => format!("{shown}{between}and {more} more"),
    }
}

#[cfg(test)]
mod tests;
