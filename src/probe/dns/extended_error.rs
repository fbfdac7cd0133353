//! Extended DNS Errors (RFC 8914): why a resolver answers as it does, in its own words.
//!
//! Promises: what comes from the network is made harmless and short.

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};

/// The option's number.
const OPTION: u16 = 15;

/// Characters of a server's own words.
const LONGEST: usize = 120;

/// As many of them as are told.
const MOST: usize = 2;

/// What the registry of IANA calls the codes, from 0.
const NAMES: &[&str] = &[
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
];

/// The extended errors of a reply in words, if it has any: "extended error 15 Blocked: by policy".
pub(super) fn of(message: &Message) -> Option<String> {
    let options = message.edns.as_ref()?.options().get_all(EdnsCode::Unknown(OPTION));
    let words: Vec<_> = options.into_iter().filter_map(in_words).take(MOST).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn in_words(option: &EdnsOption) -> Option<String> {
    let EdnsOption::Unknown(OPTION, data) = option else { return None };
    let (code, text) = data.split_first_chunk()?;
    let code = u16::from_be_bytes(*code);
    let name = NAMES.get(usize::from(code)).map(|name| format!(" {name}")).unwrap_or_default();
    let text: String = String::from_utf8_lossy(text)
        .trim_end_matches('\0')
        .chars()
        .map(|c| if c.is_control() { '.' } else { c })
        .take(LONGEST)
        .collect();
    let text = if text.is_empty() { text } else { format!(": {text}") };
    Some(format!("extended error {code}{name}{text}"))
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Edns, OpCode};
    use proptest::prelude::*;

    use super::*;

    fn said(options: &[&[u8]]) -> Option<String> {
        let mut edns = Edns::new();
        for data in options {
            edns.options_mut().as_mut().push((OPTION.into(), EdnsOption::Unknown(OPTION, data.to_vec())));
        }
        let mut message = Message::response(7, OpCode::Query);
        message.set_edns(edns);
        of(&Message::from_vec(&message.to_vec().unwrap()).unwrap())
    }

    #[test]
    fn codes_have_their_names_and_the_servers_words_follow() {
        for (options, words) in [
            (&[&[0, 15][..]][..], Some("extended error 15 Blocked")),
            (&[b"\0\x12by\npolicy\0"], Some("extended error 18 Prohibited: by.policy")),
            (&[&[200, 0]], Some("extended error 51200")),
            (
                &[&[0, 6], &[0, 7], &[0, 8]],
                Some("extended error 6 DNSSEC Bogus, extended error 7 Signature Expired"),
            ),
            (&[&[15]], None),
            (&[], None),
        ] {
            assert_eq!(said(options).as_deref(), words);
        }
        assert_eq!(of(&Message::response(7, OpCode::Query)), None, "without EDNS");
    }

    proptest! {
        #[test]
        fn any_words_are_made_short_and_harmless(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            let data = [&[0, 15][..], &text].concat();
            let words = said(&[&data]).unwrap();
            prop_assert!(words.chars().count() <= LONGEST + 40);
            prop_assert!(!words.contains(char::is_control));
        }
    }
}
