//! The handshake's series: what was agreed on, and the certificate as presented, verified or not.

use crate::clock::unix_seconds;
use crate::metrics::Cells;
use crate::metrics::catalogue::Family;
use crate::outcome::{CertFacts, TlsEvidence};

/// A certificate's text longer than this is cut: what is on the wire is not ours to trust.
const LONGEST_TEXT: usize = 2048;

pub(super) fn handshake(cells: &mut Cells, evidence: Option<&TlsEvidence>) {
    let chain = evidence.and_then(|evidence| evidence.chain.as_deref());
    let expiry = chain.and_then(|chain| chain.earliest_expiry());
    cells.put(Family::ProbeSslEarliestCertExpiry, &[], expiry.map(unix_seconds));
    let verified = evidence.and_then(|evidence| evidence.verified_until);
    cells.put(Family::ProbeSslLastChainExpiry, &[], verified.map(unix_seconds));
    match chain.and_then(|chain| chain.leaf()).filter(|_| cells.wants(Family::ProbeSslLastChain)) {
        Some(leaf) => certificate(cells, leaf),
        None => cells.inform(Family::ProbeSslLastChain, None),
    }
    let version = evidence.and_then(|evidence| evidence.version);
    let cipher = evidence.and_then(|evidence| evidence.cipher.as_deref());
    cells.inform(Family::ProbeTlsVersion, version.as_ref().map(std::slice::from_ref));
    cells.inform(Family::ProbeTlsCipher, cipher.as_ref().map(std::slice::from_ref));
    let agreed = evidence.zip(version).zip(cipher).map(|((evidence, version), cipher)| {
        let alpn = evidence.alpn.as_deref().unwrap_or_default();
        let group = evidence.group.as_deref().unwrap_or_default();
        [version, cipher, alpn, group]
    });
    let trusted = evidence.and_then(|evidence| evidence.trusted_by);
    let mozilla = trusted.map(|by| super::flag(by.mozilla));
    cells.put(Family::ProbeTlsTrusted, &["mozilla"], mozilla);
    let machine = trusted.and_then(|by| by.machine).map(super::flag);
    cells.put(Family::ProbeTlsTrusted, &["machine"], machine);
    cells.inform(Family::ProbeTlsHandshake, agreed.as_ref().map(|labels| &labels[..]));
}

fn certificate(cells: &mut Cells, leaf: &CertFacts) {
    let texts = certificate_texts(leaf);
    cells.inform(Family::ProbeSslLastChain, Some(&texts.each_ref().map(String::as_str)));
}

/// What a certificate says, as the values of the labels of `probe_ssl_last_chain_info`.
#[must_use]
pub fn certificate_texts(leaf: &CertFacts) -> [String; 5] {
    let names = leaf.dns_names.join(",");
    let texts = [&leaf.fingerprint_sha256, &leaf.issuer, &leaf.subject, &names, &leaf.serial];
    texts.map(|text| cut(text).to_owned())
}

fn cut(text: &str) -> &str {
    let boundary = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at));
    if text.len() <= LONGEST_TEXT { text } else { boundary.and_then(|at| text.get(..at)).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_very_long_text_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(LONGEST_TEXT)).len(), LONGEST_TEXT);
        let long = format!("x{}", "ü".repeat(LONGEST_TEXT));
        assert_eq!(cut(&long).len(), LONGEST_TEXT - 1);
    }
}
