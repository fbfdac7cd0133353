//! The addresses of a path where each of them is walked: pure.

use std::net::IpAddr;

use crate::outcome::{AddressResult, Failure, Finding, Outcome, Reason};

/// So many addresses are walked at the most: each costs a whole journey, all at the same time.
pub(super) const MOST: usize = 32;

/// What a walk of its own says about an address.
pub(super) fn result(address: IpAddr, walked: &Outcome) -> AddressResult {
    let failure = walked.trouble().map(|trouble| (trouble.layer, trouble.failure.clone()));
    let call = walked.stages.api.evidence().cloned().map(Box::new);
    AddressResult { address, took: walked.took, failure, call }
}

/// Puts the results of all addresses into the outcome of their path; a finding says so where some work and some do not.
pub(super) fn put(journey: &mut Outcome, results: Vec<AddressResult>) {
    let failing: Vec<String> = results.iter().filter_map(words).collect();
    if !failing.is_empty() && failing.len() < results.len() {
        let detail = format!("{} of {} addresses fail: {}", failing.len(), results.len(), failing.join("; "));
        journey.findings.push(Finding::new(Reason::AddressFailing, detail));
    }
    journey.addresses = results;
}

/// "192.0.2.1 (tcp_refused: connection refused)"
fn words(result: &AddressResult) -> Option<String> {
    // Our own trouble says nothing of an address.
    let (_, Failure { reason, detail }) =
        result.failure.as_ref().filter(|(_, failure)| failure.reason != Reason::CanaryExhausted)?;
    Some(format!("{} ({reason}: {detail})", result.address))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{Family, Layer, sample};

    const ONE: &str = "127.0.0.1";
    const TWO: &str = "127.0.0.2";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn failure() -> Failure {
        Failure::new(Reason::TcpRefused, "refused")
    }

    fn journey() -> Outcome {
        let mut outcome = sample::good(&sample::path("t", "direct", Family::Ipv4));
        outcome.findings.clear();
        outcome
    }

    fn walked(address: &str, failure: Option<Failure>) -> AddressResult {
        let failure = failure.map(|failure| (Layer::Tcp, failure));
        AddressResult { address: ip(address), took: Duration::ZERO, failure, call: None }
    }

    #[test]
    fn addresses_that_all_work_are_no_finding() {
        let mut outcome = journey();
        put(&mut outcome, vec![walked(ONE, None), walked(TWO, None)]);
        assert_eq!(outcome.addresses.len(), 2);
        assert!(outcome.findings.is_empty() && outcome.success());
    }

    #[test]
    fn one_that_fails_beside_one_that_works_is_told_and_degrades_only() {
        let mut outcome = journey();
        put(&mut outcome, vec![walked(ONE, None), walked(TWO, Some(failure()))]);
        let detail = &outcome.findings[0].0.detail;
        assert_eq!(detail, "1 of 2 addresses fail: 127.0.0.2 (tcp_refused: refused)");
        assert!(outcome.success());
    }

    #[test]
    fn our_own_trouble_is_not_the_addresses() {
        let mut outcome = journey();
        let exhausted = Failure::new(Reason::CanaryExhausted, "no descriptors");
        put(&mut outcome, vec![walked(ONE, None), walked(TWO, Some(exhausted))]);
        assert!(outcome.findings.is_empty());
    }
}
