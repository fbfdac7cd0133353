//! The lookup's series: per resolver and record type.

use crate::metrics::Cells;
use crate::metrics::catalogue::Family;
use crate::metrics::label;
use crate::outcome::{Asked, DnsEvidence, Dnssec, Lookup};

/// The families that say what the last lookup at a resolver found.
const LAST: [Family; 6] = [
    Family::DnsLookupSuccess,
    Family::DnsResponseCode,
    Family::DnsAnswerAddresses,
    Family::DnsAnswerUnexpectedAddresses,
    Family::DnsAnswerTtl,
    Family::DnsAnswerSecure,
];

/// Writes all lookups of one run. The name servers of `system` come and go with resolv.conf, and their series with them;
/// they have none of duration, which `system` has.
pub(super) fn lookups<'a>(cells: &mut Cells, lookups: impl Iterator<Item = &'a Lookup> + Clone) {
    let wanted = LAST.iter().chain([&Family::DnsLookupDuration]).any(|family| cells.wants(*family));
    if !wanted {
        return;
    }
    let mut asked: Vec<String> = Vec::new();
    for lookup in lookups {
        let (Some(evidence), Some(took)) = (lookup.stage.evidence(), lookup.stage.took()) else { continue };
        last(cells, evidence);
        if lookup.asked == Asked::Resolver {
            cells.observe(Family::DnsLookupDuration, &[&evidence.resolver], took.as_secs_f64(), None);
        }
        let block = label::block(&["resolver"], &[&evidence.resolver]);
        if !asked.contains(&block) {
            asked.push(block);
        }
    }
    for family in LAST {
        cells.keep_under(family, &asked);
    }
}

fn last(cells: &mut Cells, evidence: &DnsEvidence) {
    let labels = [&*evidence.resolver, evidence.record_type.label()];
    // That the name exists without an address of this kind (NODATA) is a good answer of a good resolver.
    let answered = !evidence.addresses.is_empty() || evidence.rcode.as_deref() == Some("NOERROR");
    cells.set(Family::DnsLookupSuccess, &labels, super::flag(answered));
    match &evidence.rcode {
        Some(rcode) => cells.inform_under(Family::DnsResponseCode, &[labels[0], labels[1], rcode], 2),
        None => cells.clear_under(Family::DnsResponseCode, &labels),
    }
    // A server that fails or refuses does not say that there are none.
    let stated =
        !evidence.addresses.is_empty() || matches!(evidence.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN"));
    let number = |addresses: usize| stated.then(|| f64::from(u32::try_from(addresses).unwrap_or(u32::MAX)));
    cells.put(Family::DnsAnswerAddresses, &labels, number(evidence.addresses.len()));
    let unexpected = evidence.unexpected.as_ref().and_then(|unexpected| number(unexpected.len()));
    cells.put(Family::DnsAnswerUnexpectedAddresses, &labels, unexpected);
    // An alias that leads nowhere has a TTL too, but not one of an answer.
    let ttl = evidence.ttl.filter(|_| !evidence.addresses.is_empty());
    cells.put(Family::DnsAnswerTtl, &labels, ttl.map(|ttl| ttl.as_secs_f64()));
    let secure = evidence.dnssec.map(|dnssec| super::flag(dnssec == Dnssec::Secure));
    cells.put(Family::DnsAnswerSecure, &labels, secure);
}
