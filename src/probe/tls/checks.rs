//! The checks on a presented chain, each on its own: pure but for the roots.
//!
//! rustls stops at its first objection, which would let an expired certificate hide a wrong name; here path, dates and
//! name are asked separately, and the words say what is wrong with which certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

use super::ocsp;
use super::trust::Trust;
use crate::clock;
use crate::outcome::{CertFacts, CertificateChecks, ChainFacts, Check, Failure, Reason, TrustedBy};

/// The stores that a chain is judged against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Against<'a> {
    /// The bundled roots, or else the machine's own. `own_host`: the host is the provider's, so that its issuer has to
    /// be a public one.
    Public { bundled: &'a Trust, machine: Option<&'a Trust>, own_host: bool },
    /// The one store of a file.
    File(&'a Trust),
}

/// A chain as presented.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    /// The stapled OCSP response; empty where none came.
    pub(super) staple: &'a [u8],
    pub(super) facts: &'a ChainFacts,
}

/// What was found of a chain.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) checks: CertificateChecks,
    /// `None` where the target trusts a file of its own.
    pub(super) trusted_by: Option<TrustedBy>,
    /// The earliest end of validity of the verified chain; `None` unless it verified.
    pub(super) verified_until: Option<SystemTime>,
}

/// Makes every check at the time `now`.
pub(super) fn judge(
    chain: Presented<'_>,
    name: &ServerName<'_>,
    against: Against<'_>,
    now: SystemTime,
) -> Verdict {
    let parsed = match ParsedCertificate::try_from(chain.leaf) {
        Ok(parsed) => parsed,
        Err(error) => return unreadable(&error),
    };
    let way = |trust| Way::to(trust, chain, &parsed, now);
    let (deciding, path, dates, trusted_by) = match against {
        Against::File(trust) => {
            let Way { path, dates } = way(trust);
            (trust, path.map_err(|error| untrusted(chain.facts, &[trust], &error)), dates, None)
        }
        Against::Public { bundled, machine, own_host } => {
            let (first, second) = (way(bundled), machine.map(way));
            let trusted_by = TrustedBy {
                mozilla: first.path.is_ok(),
                machine: second.as_ref().map(|second| second.path.is_ok()),
            };
            let (deciding, path, dates) = match (first.path, machine.zip(second)) {
                (Ok(()), _) => (bundled, Ok(()), first.dates),
                (Err(_), Some((machine, Way { path: Ok(()), dates }))) => (machine, Ok(()), dates),
                (Err(error), second) if own_host => {
                    let failure = untrusted(chain.facts, &[bundled], &error);
                    let failure = intercepted(chain.facts, name, &failure, &error, second.is_some());
                    (bundled, Err(failure), first.dates)
                }
                (Err(error), Some((machine, Way { path: Err(other), .. }))) => {
                    // That there is a way with something wrong on it says more than that there is none.
                    let error = if is_unknown(&error) { other } else { error };
                    (bundled, Err(untrusted(chain.facts, &[bundled, machine], &error)), first.dates)
                }
                (Err(error), None) => (bundled, Err(untrusted(chain.facts, &[bundled], &error)), first.dates),
            };
            (deciding, path, dates, Some(trusted_by))
        }
    };
    let serial = chain.facts.leaf().map_or("", |leaf| leaf.serial.as_str());
    let checks = CertificateChecks {
        path: path.map_or_else(Check::Failed, |()| Check::Passed),
        revocation: ocsp::check(chain.staple, serial),
        dates,
        name: match verify_server_name(&parsed, name) {
            Ok(()) => Check::Passed,
            Err(_) => Check::Failed(Failure::new(Reason::TlsNameMismatch, wrong_name(chain.facts, name))),
        },
    };
    let verified = checks.failure().is_none();
    let verified_until = verified.then(|| verified_until(chain.facts, deciding, now)).flatten();
    Verdict { checks, trusted_by, verified_until }
}

fn unreadable(error: &Error) -> Verdict {
    let words = format!("the certificate cannot be read: {error}");
    let checks = CertificateChecks {
        path: Check::Failed(Failure::new(Reason::TlsUntrustedIssuer, words)),
        revocation: Check::Passed,
        dates: Check::Passed,
        name: Check::Passed,
    };
    Verdict { checks, trusted_by: None, verified_until: None }
}

/// Where a chain leads in one store.
struct Way {
    path: Result<(), Error>,
    dates: Check,
}

impl Way {
    fn to(trust: &Trust, chain: Presented<'_>, parsed: &ParsedCertificate<'_>, now: SystemTime) -> Self {
        let at = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let time = UnixTime::since_unix_epoch(since);
            verify_server_cert_signed_by_trust_anchor(
                parsed,
                &trust.roots,
                chain.intermediates,
                time,
                trust.algorithms.all,
            )
        };
        let certificates = &chain.facts.certificates;
        match at(now) {
            Ok(()) => Self { path: Ok(()), dates: Check::Passed },
            Err(_) if trust.pinned.iter().any(|known| known == chain.leaf) => {
                Self { path: Ok(()), dates: dates(certificates.get(..1).unwrap_or_default(), now) }
            }
            Err(error) => {
                let dates = dates(certificates, now);
                // Would it lead to a root at a time when all of it is valid? Then only the dates are wrong.
                let leaf_alone = certificates.get(..1).unwrap_or_default();
                let inside = inside_dates(certificates).or_else(|| inside_dates(leaf_alone));
                let path = match at(inside.unwrap_or(now)) {
                    // For a reason that is not seen here: what does not verify now never counts as verified.
                    Ok(()) if dates.failure().is_none() => Err(error),
                    Ok(()) => Ok(()),
                    // There is no such time; it cannot be told, and the dates are wrong in any case.
                    Err(inside) if only_dates(&inside) && dates.failure().is_some() => Ok(()),
                    Err(inside) => Err(inside),
                };
                Self { path, dates }
            }
        }
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer))
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

/// A time at which each of these certificates is valid, if there is one.
fn inside_dates(certificates: &[CertFacts]) -> Option<SystemTime> {
    let from = certificates.iter().map(|cert| cert.not_before).max()?;
    let until = certificates.iter().map(|cert| cert.not_after).min()?;
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

/// Why a chain leads to no root of these stores: read from where it ends.
fn untrusted(facts: &ChainFacts, stores: &[&Trust], error: &Error) -> Failure {
    let chain = walk(facts, stores);
    let (Some(leaf), Some(end)) = (chain.first(), chain.last()) else {
        return Failure::new(Reason::TlsUntrustedIssuer, format!("no certificate could be read: {error}"));
    };
    if leaf.self_issued {
        let words = format!("the certificate is signed by itself: {}", leaf.subject);
        return Failure::new(Reason::TlsSelfSigned, words);
    }
    if !is_unknown(error) {
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
    if stores.iter().any(|trust| trust.has_root(&end.issuer)) {
        let words = format!("no trusted root of the name {} signed {}", end.issuer, end.subject);
        return Failure::new(Reason::TlsUntrustedIssuer, words);
    }
    let fetched = match &end.issuer_url {
        Some(url) => format!(" (it says that its issuer is at {url})"),
        None => String::new(),
    };
    // Only where the issuer owns a trusted root is the link between them missing. A private CA too may say where its
    // certificate can be fetched, and that leads to nobody who is trusted.
    if stores.iter().any(|trust| trust.knows_organization_of(&end.issuer)) {
        let words =
            format!("the certificate of the issuer {} is not sent by the server{fetched}", end.issuer);
        return Failure::new(Reason::TlsIncompleteChain, words);
    }
    Failure::new(Reason::TlsUntrustedIssuer, format!("the issuer {} is not trusted{fetched}", end.issuer))
}

/// The same for a host whose certificate has to be one of a public issuer: there a stranger's is an interceptor's.
fn intercepted(
    facts: &ChainFacts,
    name: &ServerName<'_>,
    otherwise: &Failure,
    error: &Error,
    machine_asked: bool,
) -> Failure {
    let stranger = match otherwise.reason {
        Reason::TlsSelfSigned => true,
        // Bad: a root has the name, and not the key.
        Reason::TlsUntrustedIssuer => {
            is_unknown(error) || matches!(error, Error::InvalidCertificate(CertificateError::BadSignature))
        }
        _ => false,
    };
    let Some(issuers) = issuers(facts).filter(|_| stranger) else { return otherwise.clone() };
    let whom = if machine_asked {
        "neither the bundled Mozilla roots nor this machine's store know"
    } else {
        "the bundled Mozilla roots do not know"
    };
    let words = format!(
        "{} has a certificate of a public issuer, and what came is signed by {issuers}, whom {whom}: something on the way \
         intercepts TLS",
        name.to_str()
    );
    Failure::new(Reason::TlsIntercepted, words)
}

/// Who signed what was presented: the issuer of the leaf, and the top of the chain where that is another.
pub(super) fn issuers(facts: &ChainFacts) -> Option<String> {
    let chain = walk(facts, &[]);
    let (leaf, end) = (chain.first()?, chain.last()?);
    Some(match (leaf.self_issued, leaf.issuer == end.issuer) {
        (true, _) => format!("itself, {}", leaf.subject),
        (false, true) => leaf.issuer.clone(),
        (false, false) => format!("{} (top of the chain: {})", leaf.issuer, end.issuer),
    })
}

/// The presented chain from the leaf up to just below a root of these stores, issuer by issuer; of several
/// certificates of one name the one that is valid longest.
fn walk<'a>(facts: &'a ChainFacts, stores: &[&Trust]) -> Vec<&'a CertFacts> {
    let mut chain: Vec<&CertFacts> = facts.leaf().into_iter().collect();
    while let Some(end) = chain.last()
        && !end.self_issued
        && !stores.iter().any(|trust| trust.has_root(&end.issuer))
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
fn verified_until(facts: &ChainFacts, trust: &Trust, now: SystemTime) -> Option<SystemTime> {
    walk(facts, &[trust]).into_iter().map(|cert| cert.not_after).filter(|until| *until >= now).min()
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
