//! The verifier that records what was presented and each check on it, and accepts only what passed them all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::checks::{self, Presented, Trust};
use super::facts;
use super::verified::LastVerified;
use crate::outcome::{CertificateChecks, ChainFacts, Reason};

/// What one handshake presented, and what the checks said.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) facts: Arc<ChainFacts>,
    pub(super) checks: Arc<CertificateChecks>,
    /// The earliest end of validity of the verified chain; `None` unless it verified.
    pub(super) verified_until: Option<SystemTime>,
}

/// What a target's handshakes share.
#[derive(Debug)]
pub(super) struct SharedTrust {
    pub(super) trust: Arc<Trust>,
    pub(super) last: LastVerified,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Recorder {
    shared: Arc<SharedTrust>,
    now: SystemTime,
    record: OnceLock<Arc<Record>>,
    certificate_requested: AtomicBool,
}

impl Recorder {
    pub(super) fn new(shared: Arc<SharedTrust>, now: SystemTime) -> Self {
        Self { shared, now, record: OnceLock::new(), certificate_requested: AtomicBool::new(false) }
    }

    /// What was recorded, if the handshake came so far.
    pub(super) fn take(&self) -> Option<Record> {
        self.record.get().map(|record| record.as_ref().clone())
    }

    /// Whether the server asked for a client certificate.
    pub(super) fn certificate_requested(&self) -> bool {
        self.certificate_requested.load(Ordering::Relaxed)
    }

    fn examine(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Arc<Record> {
        let facts = Arc::new(facts::of_chain(std::iter::once(leaf).chain(rest)));
        let presented = Presented { leaf, intermediates: rest, facts: &facts };
        let checks = Arc::new(checks::all(presented, name, &self.shared.trust, self.now));
        let verified_until = if checks.failure().is_none() {
            checks::verified_until(&facts, &self.shared.trust, self.now)
        } else {
            None
        };
        Arc::new(Record { facts, checks, verified_until })
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let record = match self.shared.last.get(leaf, intermediates, self.now) {
            Some(record) => record,
            None => {
                let record = self.examine(leaf, intermediates, name);
                if record.checks.failure().is_none() {
                    self.shared.last.put(leaf, intermediates, &record, self.now);
                }
                record
            }
        };
        let failed = record.checks.failure().map(|failure| failure.reason);
        // One handshake presents one chain; a second call could only repeat the first.
        let _ = self.record.set(record);
        // The words come from the record; the error is what chooses the alert that the peer gets.
        let error = match failed {
            None => return Ok(ServerCertVerified::assertion()),
            Some(Reason::TlsCertExpired) => CertificateError::Expired,
            Some(Reason::TlsCertNotYetValid) => CertificateError::NotValidYet,
            Some(Reason::TlsNameMismatch) => CertificateError::NotValidForName,
            Some(_) => CertificateError::UnknownIssuer,
        };
        Err(Error::InvalidCertificate(error))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.shared.trust.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.shared.trust.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.shared.trust.algorithms.supported_schemes()
    }
}

/// There is no client certificate to give; that one was asked for explains what the server does next.
impl ResolvesClientCert for Recorder {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.certificate_requested.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
