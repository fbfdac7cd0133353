//! What the presented certificates say, read with x509-parser.
//!
//! Names are written as Go's `pkix.Name` writes them (most specific part first, `CN=WE1,O=Google Trust Services,C=US`),
//! because `blackbox_exporter` exposes them so and public dashboards match on it.

use std::fmt::Write as _;
use std::time::UNIX_EPOCH;

use rustls::pki_types::CertificateDer;
use x509_parser::oid_registry::{OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, Oid};
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate, X509Name};

use crate::clock;
use crate::outcome::{CertFacts, ChainFacts};

/// Reads a chain, leaf first.
pub(super) fn of_chain<'a>(chain: impl Iterator<Item = &'a CertificateDer<'a>>) -> ChainFacts {
    let mut facts = ChainFacts::default();
    let mut leaf = None;
    for der in chain {
        let read = X509Certificate::from_der(der);
        leaf.get_or_insert(read.is_ok());
        match read {
            Ok((_, certificate)) => facts.certificates.push(of_certificate(&certificate, der)),
            Err(_) => facts.unreadable += 1,
        }
    }
    // Without the leaf the first one of the others would be taken for it.
    if leaf == Some(false) {
        facts.unreadable += std::mem::take(&mut facts.certificates).len();
    }
    facts
}

fn of_certificate(certificate: &X509Certificate<'_>, der: &[u8]) -> CertFacts {
    let time = |seconds| clock::from_unix(seconds).unwrap_or(UNIX_EPOCH);
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let dns_names =
        alternative.iter().flat_map(|extension| &extension.value.general_names).filter_map(|name| {
            if let GeneralName::DNSName(name) = name { Some((*name).to_owned()) } else { None }
        });
    CertFacts {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        dns_names: dns_names.collect(),
        serial: serial(certificate.raw_serial()),
        fingerprint_sha256: hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref()),
        not_before: time(certificate.validity().not_before.timestamp()),
        not_after: time(certificate.validity().not_after.timestamp()),
        self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        issuer_url: issuer_url(certificate),
    }
}

fn issuer_url(certificate: &X509Certificate<'_>) -> Option<String> {
    let access =
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityInfoAccess(access) => Some(access),
            _ => None,
        })?;
    access.accessdescs.iter().find_map(|description| match description.access_location {
        GeneralName::URI(uri) if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS => {
            Some(uri.to_owned())
        }
        _ => None,
    })
}

/// The serial as lower-case hex; the sign byte of DER is not part of the number.
pub(super) fn serial(raw: &[u8]) -> String {
    match raw {
        [0, rest @ ..] if !rest.is_empty() => hex(rest),
        all => hex(all),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A distinguished name in RFC 4514 style, most specific part first.
pub(super) fn name(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter()
        .map(|part| {
            let attributes = part.iter().map(|attribute| {
                let value =
                    attribute.as_str().map_or_else(|_| format!("#{}", hex(attribute.as_slice())), escape);
                format!("{}={value}", attribute_name(attribute.attr_type()))
            });
            attributes.collect::<Vec<_>>().join("+")
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

fn attribute_name(oid: &Oid<'_>) -> String {
    let text = oid.to_id_string();
    let short = match text.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.17" => "POSTALCODE",
        _ => return text,
    };
    short.to_owned()
}

fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    value.chars().enumerate().fold(String::with_capacity(value.len()), |mut text, (at, c)| {
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || (c == ' ' && (at == 0 || at == last))
            || (c == '#' && at == 0);
        if special {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read() {
        let mut parameters =
            rcgen::CertificateParams::new(vec!["api.example".to_owned(), "*.example".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::OrganizationName, "Ex, Inc.");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "api.example");
        parameters.serial_number = Some(rcgen::SerialNumber::from(vec![0x80, 0x0a]));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let facts = of_chain([certificate.der().clone(), CertificateDer::from(vec![1, 2, 3])].iter());
        let leaf = facts.leaf().unwrap();
        assert_eq!(leaf.subject.matches("CN=api.example").count(), 1);
        assert!(leaf.subject.contains("O=Ex\\, Inc."), "{}", leaf.subject);
        assert_eq!(leaf.dns_names, ["api.example", "*.example"]);
        assert_eq!(leaf.serial, "800a");
        assert_eq!(leaf.fingerprint_sha256.len(), 64);
        assert!(leaf.self_issued);
        assert_eq!(facts.unreadable, 1);
    }
}
