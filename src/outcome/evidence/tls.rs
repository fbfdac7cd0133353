//! What the TLS layer saw: the handshake's parameters, the chain as presented, each check on it.

use std::sync::Arc;
use std::time::SystemTime;

use crate::outcome::Failure;

/// What one certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertFacts {
    /// Subject, in RFC 4514 style.
    pub subject: String,
    /// Issuer, in RFC 4514 style.
    pub issuer: String,
    /// DNS names of the subject alternative name extension.
    pub dns_names: Vec<String>,
    /// Serial number, lower-case hex without separators.
    pub serial: String,
    /// SHA-256 of the DER, lower-case hex.
    pub fingerprint_sha256: String,
    /// Start of validity.
    pub not_before: SystemTime,
    /// End of validity.
    pub not_after: SystemTime,
    /// Subject and issuer are the same name.
    pub self_issued: bool,
    /// Where the issuer's certificate could be fetched (AIA caIssuers).
    pub issuer_url: Option<String>,
}

/// The chain as the server presented it, leaf first; certificates that cannot be parsed are left out and counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChainFacts {
    /// The certificates, leaf first.
    pub certificates: Vec<CertFacts>,
    /// How many presented certificates could not be parsed.
    pub unreadable: usize,
}

impl ChainFacts {
    /// The leaf.
    #[must_use]
    pub fn leaf(&self) -> Option<&CertFacts> {
        self.certificates.first()
    }

    /// The earliest end of validity of all that was presented.
    #[must_use]
    pub fn earliest_expiry(&self) -> Option<SystemTime> {
        self.certificates.iter().map(|cert| cert.not_after).min()
    }
}

/// The result of one check on the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// It held.
    Passed,
    /// It did not.
    Failed(Failure),
}

impl Check {
    /// The failure, if it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Passed => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}

/// Each check on the presented chain, made separately so that one failure does not hide another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateChecks {
    /// The chain leads to a trusted root.
    pub path: Check,
    /// The leaf is not revoked, as far as the server itself says (stapled OCSP).
    pub revocation: Check,
    /// The leaf and its chain are inside their dates.
    pub dates: Check,
    /// The leaf is for the name asked.
    pub name: Check,
}

impl CertificateChecks {
    /// The failure to report: an untrusted path before a revocation before wrong dates before a wrong name. What a
    /// stranger staples is no news, and a revoked certificate stays so whatever its dates.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        let Self { path, revocation, dates, name } = self;
        [path, revocation, dates, name].into_iter().find_map(Check::failure)
    }
}

/// Which stores of roots the chain leads to, whatever its dates and names say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedBy {
    /// The bundled Mozilla roots.
    pub mozilla: bool,
    /// The machine's own store; `None` where it has none that can be read.
    pub machine: Option<bool>,
}

/// What the TLS layer saw; absent parts were not reached in the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsEvidence {
    /// The name sent and verified.
    pub server_name: String,
    /// `TLS 1.2`, `TLS 1.3`.
    pub version: Option<&'static str>,
    /// The cipher suite's IANA name.
    pub cipher: Option<String>,
    /// The protocol chosen by ALPN; `None` when the server chose none.
    pub alpn: Option<String>,
    /// The key-exchange group's name.
    pub group: Option<String>,
    /// Whether the server asked for a client certificate.
    pub client_certificate_requested: bool,
    /// The subject of the client certificate that it was sent, if it was sent one.
    pub client_certificate_sent: Option<Arc<str>>,
    /// The chain as presented.
    pub chain: Option<Arc<ChainFacts>>,
    /// The checks made on it.
    pub checks: Option<Arc<CertificateChecks>>,
    /// The earliest end of validity of the verified chain; absent unless it verified.
    pub verified_until: Option<SystemTime>,
    /// Which stores the chain leads to; `None` where the target trusts a file of its own, or no chain came.
    pub trusted_by: Option<TrustedBy>,
}
