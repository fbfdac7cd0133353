//! What a reply and its addresses mean: pure.

use std::net::IpAddr;

use hickory_resolver::proto::op::ResponseCode;
use ipnet::IpNet;

use super::question::{Answer, Question, RawAnswer};
use super::{end_of_chain, no_data};
use crate::outcome::{Failure, Finding, Reason};

/// Addresses, or why there are none.
pub(super) fn reply(server: &str, question: &Question, reply: RawAnswer) -> Result<Answer, Failure> {
    let (kind, name) = (question.record_type(), question.name());
    let failed = |reason, name: &str| {
        Err(Failure::new(
            reason,
            format!("{server} answered {} for {kind} of {name}", reply.rcode_in_words()),
        ))
    };
    match reply.rcode {
        ResponseCode::NoError if reply.answer.addresses.is_empty() && reply.truncated => Err(Failure::new(
            Reason::DnsMalformed,
            format!("the reply of {server} for {kind} of {name} is truncated even over tcp"),
        )),
        ResponseCode::NoError if reply.answer.addresses.is_empty() => {
            let failure = no_data(question, server, &reply.answer.cnames);
            Err(match &reply.extended {
                None => failure,
                Some(extended) => Failure::new(failure.reason, format!("{} ({extended})", failure.detail)),
            })
        }
        ResponseCode::NoError => Ok(reply.answer),
        // It is the last name of the chain that does not exist (RFC 6604 §3).
        ResponseCode::NXDomain => failed(Reason::DnsNxdomain, &end_of_chain(question, &reply.answer.cnames)),
        ResponseCode::Refused => failed(Reason::DnsRefused, name),
        _ => failed(Reason::DnsServfail, name),
    }
}

/// Whether the name's own servers have spoken, be it to say that there is nothing.
pub(super) fn is_an_answer(result: &Result<Answer, Failure>) -> bool {
    match result {
        Ok(_) => true,
        Err(failure) => matches!(failure.reason, Reason::DnsNxdomain | Reason::DnsNodata),
    }
}

/// What is to be said about the addresses of an answer.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) unexpected: Vec<IpAddr>,
    pub(super) finding: Option<Finding>,
}

/// Compares addresses with the expected networks; without any, only the unspecified address is wrong. `extended` is what
/// the server says of its answer.
pub(super) fn addresses(
    name: &str,
    addresses: &[IpAddr],
    expected: &[IpNet],
    extended: Option<&str>,
) -> Judged {
    let inside = |address: &IpAddr| expected.iter().any(|network| network.contains(address));
    let wrong = |address: &&IpAddr| address.is_unspecified() || (!expected.is_empty() && !inside(address));
    let unexpected: Vec<IpAddr> = addresses.iter().filter(wrong).copied().collect();
    let finding = unexpected.iter().find(|address| !is_public(address)).or(unexpected.first()).map(|worst| {
        let said = extended.map(|extended| format!(" ({extended})")).unwrap_or_default();
        if is_public(worst) {
            let networks: Vec<_> = expected.iter().map(ToString::to_string).collect();
            let words = format!("{name} resolves to {worst}, outside {}{said}", networks.join(", "));
            Finding::new(Reason::DnsUnexpectedAddress, words)
        } else {
            let words = format!("{name} resolves to {worst}, which cannot be the API{said}");
            Finding::new(Reason::DnsSinkholed, words)
        }
    });
    Judged { unexpected, finding }
}

/// Whether an address could be reached over the internet (IANA special-purpose registries, as far as sinkholes use
/// them).
pub(super) fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(first == 0
                || first >= 224
                || shared
                || v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_documentation())
        }
        IpAddr::V6(v6) => {
            let mapped = v6.to_ipv4_mapped().map(IpAddr::V4);
            let documentation = v6.segments().get(..2) == Some(&[0x2001, 0xdb8]);
            mapped.as_ref().is_none_or(is_public)
                && !(v6.is_unspecified()
                    || v6.is_loopback()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || v6.is_multicast()
                    || documentation)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(list: &[&str], expected: &[&str]) -> (usize, Option<Reason>) {
        let list: Vec<IpAddr> = list.iter().map(|text| text.parse().unwrap()).collect();
        let expected: Vec<IpNet> = expected.iter().map(|text| text.parse().unwrap()).collect();
        let judged = addresses("api.example", &list, &expected, None);
        (judged.unexpected.len(), judged.finding.map(|finding| finding.0.reason))
    }

    #[test]
    fn answers_are_compared_with_the_expected_networks() {
        const OURS: &[&str] = &["160.79.104.0/23", "2607:6bc0::/48"];
        use Reason::{DnsSinkholed as Sink, DnsUnexpectedAddress as Unexpected};
        assert_eq!(judged(&["160.79.104.10"], OURS), (0, None));
        assert_eq!(judged(&["2607:6bc0::10"], OURS), (0, None));
        assert_eq!(judged(&["93.184.216.34"], OURS), (1, Some(Unexpected)));
        assert_eq!(judged(&["160.79.104.10", "93.184.216.34"], OURS), (1, Some(Unexpected)));
        assert_eq!(judged(&["93.184.216.34", "10.10.34.35"], OURS), (2, Some(Sink)));
        for address in [
            "0.0.0.0",
            "127.0.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "240.0.0.1",
            "::",
            "::1",
            "fd00::1",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(judged(&[address], OURS), (1, Some(Sink)), "{address}");
        }
    }

    #[test]
    fn without_expected_networks_private_answers_are_fine_but_nowhere_is_not() {
        assert_eq!(judged(&["10.0.0.1", "127.0.0.1"], &[]), (0, None));
        assert_eq!(judged(&["0.0.0.0"], &[]), (1, Some(Reason::DnsSinkholed)));
    }

    #[test]
    fn a_private_network_that_is_expected_is_fine() {
        assert_eq!(judged(&["10.1.2.3"], &["10.0.0.0/8"]), (0, None));
    }
}
