//! The lookup's series: per resolver and record type.

use crate::metrics::Cells;
use crate::metrics::catalogue::Family;
use crate::outcome::DnsEvidence;

pub(super) fn lookup(cells: &mut Cells, evidence: &DnsEvidence) {
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
}
