//! Whatever stands in a document: after the redaction no internal address and no credential is left in anything that is
//! written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::cli::diagnose::story::{Manner, tell};
use crate::diagnosis::Language;
use crate::document::markdown;
use crate::document::samples::{all, document, surroundings};

/// Strings that are no texts: names of a closed set, times, fingerprints.
const NAMES: [&str; 14] = [
    "/verdict",
    "/layer",
    "/blame",
    "/reason",
    "/name",
    "/family",
    "/state",
    "/record_type",
    "/rcode",
    "/version",
    "/clock",
    "/fingerprint_sha256",
    "/not_before",
    "/not_after",
];

fn internal() -> impl Strategy<Value = IpAddr> {
    let v4 = (any::<u32>(), 0_usize..6).prop_map(|(bits, which)| {
        let (network, length) = [
            (Ipv4Addr::new(10, 0, 0, 0), 8),
            (Ipv4Addr::new(172, 16, 0, 0), 12),
            (Ipv4Addr::new(192, 168, 0, 0), 16),
            (Ipv4Addr::new(127, 0, 0, 0), 8),
            (Ipv4Addr::new(169, 254, 0, 0), 16),
            (Ipv4Addr::new(100, 64, 0, 0), 10),
        ][which];
        IpAddr::V4((network.to_bits() | (bits >> length)).into())
    });
    let v6 = (any::<u128>(), 0_usize..3).prop_map(|(bits, which)| {
        let (network, length) = [(0xfc00_u128 << 112, 7), (0xfe80_u128 << 112, 10), (1, 128)][which];
        IpAddr::V6(Ipv6Addr::from_bits(network | bits.checked_shr(length).unwrap_or_default()))
    });
    prop_oneof![v4.clone(), v4.prop_map(mapped), v6]
}

fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V6(v4.to_ipv6_mapped()),
        v6 @ IpAddr::V6(_) => v6,
    }
}

/// An address as it stands in what is told.
fn shown(address: IpAddr, how: usize) -> String {
    let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
    match how {
        0 => format!("connecting to {host}:443: Connection refused"),
        1 => format!("{address}"),
        2 => format!("from system (udp {host}:53), {address}/8,{address}."),
        3 => format!("原因在{address}，往返"),
        4 => format!("http://{host}:3128/x?{address}=y&z=\"{address}\""),
        5 => format!("error:{address};{address}|{address}"),
        _ => format!("({address}) {address}%eth0 @{host}"),
    }
}

/// Every address in a text that has a meaning in one network only, found in another way than the redaction does.
fn left_in(text: &str) -> Vec<String> {
    let part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let words = text.split(|c: char| !part(c)).flat_map(|word| {
        let word = word.trim_end_matches(['.', ':']);
        // With a port, and behind a colon.
        [Some(word), word.rsplit_once(':').map(|(host, _)| host), word.split_once(':').map(|(_, host)| host)]
    });
    let internal = |word: &&str| {
        // Version numbers are shorter, times have no double colon.
        word.parse::<IpAddr>().is_ok_and(|address| match address.to_canonical() {
            IpAddr::V4(v4) => {
                v4.is_private()
                    || v4.is_loopback()
                    || v4.is_link_local()
                    || v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64
            }
            IpAddr::V6(v6) => {
                v6 == Ipv6Addr::LOCALHOST
                    || v6.octets()[0] & 0xfe == 0xfc
                    || v6.segments()[0] & 0xffc0 == 0xfe80
            }
        })
    };
    words.flatten().filter(internal).map(str::to_owned).collect()
}

fn redaction(around: &Surroundings) -> Redaction {
    let targets: Vec<_> = all().iter().map(|found| Arc::clone(&found.target)).collect();
    Redaction::new(&targets, &[], &[], around)
}

/// All that is written of a document.
fn written(document: &Document, language: Language) -> String {
    let story = tell(document, Manner { language, width: 120, colour: false });
    [document.json().unwrap(), story, markdown(document, language, true)].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_internal_address_is_left_wherever_it_stood(
        places in prop::collection::vec((internal(), 0_usize..7), 1..8), chinese: bool,
    ) {
        let language = if chinese { Language::Chinese } else { Language::English };
        let mut document = document(language);
        let mut next = places.iter().cycle();
        document.texts(&mut |text| {
            let (address, how) = next.next().unwrap();
            *text = format!("{text} {}", shown(*address, *how));
        });
        prop_assert!(!left_in(&written(&document, language)).is_empty());
        redaction(&surroundings()).apply(&mut document);
        let after = written(&document, language);
        prop_assert_eq!(left_in(&after), Vec::<String>::new(), "{}", after);
    }

    #[test]
    fn no_credential_of_a_proxy_is_written_redacted_or_not(
        user in "[a-z]{3}usr[a-z0-9]{3}", password in "pw[a-zA-Z0-9%._~!$&'()*+,;=-]{6,12}", form in 0_usize..6, redacted: bool,
    ) {
        let value = match form {
            0 => format!("http://{user}:{password}@proxy.corp.internal:3128"),
            1 => format!("{user}:{password}@proxy.corp.internal:3128"),
            2 => format!("socks5h://{user}:{password}@10.0.0.1"),
            3 => format!("https://{user}:{password}@[fd00::1]:3128/"),
            4 => format!("http://{user}:{password}@proxy.corp.internal:99999"),
            _ => format!("gopher://{user}:{password}@proxy.corp.internal"),
        };
        let around = Surroundings::sample(&[("https_proxy", &value), ("ALL_PROXY", &value)]);
        let mut document = Document::of(&all(), &around, Language::English);
        if redacted {
            redaction(&around).apply(&mut document);
        }
        let after = written(&document, Language::English);
        prop_assert!(!after.contains(&user) && !after.contains(&password), "{}", after);
    }
}

#[test]
fn every_text_of_a_document_is_redacted() {
    let mut document = document(Language::English);
    document.texts(&mut |text| "X".clone_into(text));
    let value: Value = serde_json::from_str(&document.json().unwrap()).unwrap();
    let mut left = Vec::new();
    texts_of(&value, "", &mut left);
    let (names, texts): (Vec<_>, Vec<_>) =
        left.into_iter().partition(|(at, _)| NAMES.iter().any(|name| at.ends_with(name)));
    assert_eq!(texts, []);
    assert!(!names.is_empty());
}

/// Every string but those that are an X, with its place; what lists of fixed words hold is left out.
fn texts_of(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if text != "X" => found.push((at.to_owned(), text.clone())),
        Value::Array(items) if !at.ends_with("/tells") => {
            items.iter().for_each(|item| texts_of(item, at, found))
        }
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| texts_of(value, &format!("{at}/{key}"), found));
        }
        Value::String(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn nothing_internal_and_no_secret_is_left_in_a_redacted_document() {
    let found = all();
    let targets: Vec<_> = found.iter().map(|found| found.target.clone()).collect();
    let mut document = document(Language::English);
    let before = document.json().unwrap();
    Redaction::new(&targets, &[], &[], &surroundings()).apply(&mut document);
    let after = document.json().unwrap();
    assert!(!before.contains("hunter2"));
    for internal in ["192.168.1.1", "10.1.2.3", "corp.internal", "10.0.0.0"] {
        assert!(before.contains(internal), "{internal}");
        assert!(!after.contains(internal), "{internal}: {after}");
    }
    for kept in ["160.79.104.10", "gateway.example.com", "api.openai.com", "8.8.8.8"] {
        assert!(after.contains(kept), "{kept}");
    }
}
