//! The checks on a presented chain, each on its own: pure but for the roots.
//!
//! rustls stops at its first objection, which would let an expired certificate hide a wrong name; here path, dates and
//! name are asked separately, and the words say what is wrong with which certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

use crate::clock;
use crate::outcome::{CertFacts, CertificateChecks, ChainFacts, Check, Failure, Reason};

/// What a chain is checked against.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) roots: RootCertStore,
    /// The subjects of the roots, sorted, written as [`CertFacts`] writes names.
    pub(super) subjects: Vec<String>,
    /// Certificates that are trusted as they stand, such as a gateway's self-signed one: those of the target's file.
    pub(super) pinned: Vec<CertificateDer<'static>>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Trust {
    fn has_root(&self, subject: &str) -> bool {
        self.subjects.binary_search_by(|known| known.as_str().cmp(subject)).is_ok()
    }

    /// Whether a root of the same organization is trusted: then its owner is a public issuer, not a stranger.
    fn knows_organization_of(&self, name: &str) -> bool {
        organization(name)
            .is_some_and(|name| self.subjects.iter().any(|root| organization(root) == Some(name)))
    }
}

/// A chain as presented.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) facts: &'a ChainFacts,
}

/// Makes every check at the time `now`.
pub(super) fn all(
    chain: Presented<'_>,
    name: &ServerName<'_>,
    trust: &Trust,
    now: SystemTime,
) -> CertificateChecks {
    let parsed = match ParsedCertificate::try_from(chain.leaf) {
        Ok(parsed) => parsed,
        Err(error) => {
            let failed = || {
                Check::Failed(Failure::new(
                    Reason::TlsUntrustedIssuer,
                    format!("the certificate cannot be read: {error}"),
                ))
            };
            return CertificateChecks { path: failed(), dates: Check::Passed, name: Check::Passed };
        }
    };
    let at = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(since);
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &trust.roots,
            chain.intermediates,
            time,
            trust.algorithms.all,
        )
    };
    let pinned = trust.pinned.iter().any(|known| known == chain.leaf);
    let (path, dates) = match at(now) {
        Ok(()) => (Check::Passed, Check::Passed),
        Err(_) if pinned => {
            (Check::Passed, dates(chain.facts.certificates.get(..1).unwrap_or_default(), now))
        }
        Err(error) => {
            let dates = dates(&chain.facts.certificates, now);
            // Would it lead to a root at a time when all of it is valid? Then only the dates are wrong.
            let path = match at(inside_dates(chain.facts).unwrap_or(now)) {
                Ok(()) => Check::Passed,
                Err(_) if only_dates(&error) && dates.failure().is_some() => Check::Passed,
                Err(inside) => Check::Failed(untrusted(chain.facts, trust, &inside)),
            };
            (path, dates)
        }
    };
    let name = match verify_server_name(&parsed, name) {
        Ok(()) => Check::Passed,
        Err(_) => Check::Failed(Failure::new(Reason::TlsNameMismatch, wrong_name(chain.facts, name))),
    };
    CertificateChecks { path, dates, name }
}

fn only_dates(error: &Error) -> bool {
    use CertificateError as C;
    matches!(
        error,
        Error::InvalidCertificate(
            C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. }
        )
    )
}

/// A time at which every presented certificate is valid, if there is one.
fn inside_dates(facts: &ChainFacts) -> Option<SystemTime> {
    let from = facts.certificates.iter().map(|cert| cert.not_before).max()?;
    let until = facts.certificates.iter().map(|cert| cert.not_after).min()?;
    (from < until)
        .then(|| from + until.duration_since(from).unwrap_or_default().min(Duration::from_secs(60)) / 2)
}

fn dates(certificates: &[CertFacts], now: SystemTime) -> Check {
    let which = |at: usize, cert: &CertFacts| match at {
        0 => "the certificate".to_owned(),
        _ => format!("the intermediate certificate {}", cert.subject),
    };
    for (at, cert) in certificates.iter().enumerate() {
        if cert.not_after < now {
            let words = format!("{} expired at {}", which(at, cert), clock::rfc3339(cert.not_after));
            return Check::Failed(Failure::new(Reason::TlsCertExpired, words));
        }
        if cert.not_before > now {
            let words = format!("{} is valid from {} only", which(at, cert), clock::rfc3339(cert.not_before));
            return Check::Failed(Failure::new(Reason::TlsCertNotYetValid, words));
        }
    }
    Check::Passed
}

/// Why a chain leads to no root: read from where it ends.
fn untrusted(facts: &ChainFacts, trust: &Trust, error: &Error) -> Failure {
    let chain = walk(facts, trust);
    let (Some(leaf), Some(end)) = (chain.first(), chain.last()) else {
        return Failure::new(Reason::TlsUntrustedIssuer, format!("no certificate could be read: {error}"));
    };
    if leaf.self_issued {
        let words = format!("the certificate is signed by itself: {}", leaf.subject);
        return Failure::new(Reason::TlsSelfSigned, words);
    }
    if !matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer)) {
        // There is a way to a root, and something on it is not allowed: a purpose, a constraint, a signature.
        return Failure::new(
            Reason::TlsUntrustedIssuer,
            format!("the chain of {} is refused: {error}", leaf.subject),
        );
    }
    if end.self_issued {
        let words = format!("the chain ends at {}, a root that is not trusted", end.subject);
        return Failure::new(Reason::TlsUntrustedIssuer, words);
    }
    if trust.has_root(&end.issuer) {
        let words = format!("no trusted root of the name {} signed {}", end.issuer, end.subject);
        return Failure::new(Reason::TlsUntrustedIssuer, words);
    }
    // A leaf alone that says where its issuer can be fetched, or an issuer that owns a trusted root: the link between
    // is missing. A longer chain that ends at a stranger is complete, and not trusted.
    let link_missing =
        (chain.len() == 1 && leaf.issuer_url.is_some()) || trust.knows_organization_of(&end.issuer);
    if link_missing {
        let words = format!("the certificate of the issuer {} is not sent by the server", end.issuer);
        return Failure::new(Reason::TlsIncompleteChain, words);
    }
    Failure::new(Reason::TlsUntrustedIssuer, format!("the issuer {} is not trusted", end.issuer))
}

/// The presented chain from the leaf up to just below a trusted root, issuer by issuer; of several certificates of one
/// name the one that is valid longest.
fn walk<'a>(facts: &'a ChainFacts, trust: &Trust) -> Vec<&'a CertFacts> {
    let mut chain: Vec<&CertFacts> = facts.leaf().into_iter().collect();
    while let Some(end) = chain.last()
        && !end.self_issued
        && !trust.has_root(&end.issuer)
        && chain.len() < facts.certificates.len()
        && let Some(next) = facts
            .certificates
            .iter()
            .filter(|cert| cert.subject == end.issuer)
            .max_by_key(|cert| cert.not_after)
    {
        chain.push(next);
    }
    chain
}

/// The earliest end of validity along a chain that verified; certificates that are out of date were not needed for it.
pub(super) fn verified_until(facts: &ChainFacts, trust: &Trust, now: SystemTime) -> Option<SystemTime> {
    walk(facts, trust).into_iter().map(|cert| cert.not_after).filter(|until| *until >= now).min()
}

/// The organization in a name written as `…,O=name,…`.
fn organization(name: &str) -> Option<&str> {
    let start = if name.starts_with("O=") { 2 } else { name.find(",O=")? + 3 };
    let rest = name.get(start..)?;
    let end =
        rest.find(",C=").or_else(|| rest.find(",L=")).or_else(|| rest.find(",OU=")).unwrap_or(rest.len());
    rest.get(..end)
}

fn wrong_name(facts: &ChainFacts, name: &ServerName<'_>) -> String {
    let asked = name.to_str();
    let names = facts.leaf().map(|leaf| leaf.dns_names.as_slice()).unwrap_or_default();
    match names {
        [] => format!("the certificate is not for {asked}: it names no host"),
        names if names.len() > 5 => {
            let shown = names.get(..5).unwrap_or_default().join(", ");
            format!("the certificate is not for {asked}: it is for {shown} and {} more", names.len() - 5)
        }
        names => format!("the certificate is not for {asked}: it is for {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
