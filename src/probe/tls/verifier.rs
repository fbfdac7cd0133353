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

use super::checks::{self, Against, Presented};
use super::client::Shown;
use super::seen::{self, Digest};
use super::setup::PROVIDER;
use super::trust::{MOZILLA, Stores};
use super::verified::LastVerified;
use crate::outcome::{CertificateChecks, ChainFacts, Reason, TrustedBy};
use crate::units::Deadline;

/// What one handshake presented, and what the checks said.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) facts: Arc<ChainFacts>,
    pub(super) checks: Arc<CertificateChecks>,
    pub(super) trusted_by: Option<TrustedBy>,
    /// The earliest end of validity of the verified chain; `None` unless it verified.
    pub(super) verified_until: Option<SystemTime>,
}

/// What a target's handshakes share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) stores: Stores,
    pub(super) last: LastVerified,
    pub(super) client: Option<Shown>,
}

impl Shared {
    /// Has the machine's store at hand if a chain will be judged: not where the last one still counts.
    pub(super) async fn ready(&self, now: SystemTime, deadline: Deadline) {
        if let Stores::Public { machine, .. } = &self.stores
            && !self.last.holds(now)
        {
            machine.refresh(deadline).await;
        }
    }
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Recorder {
    shared: Arc<Shared>,
    now: SystemTime,
    record: OnceLock<Arc<Record>>,
    certificate_requested: AtomicBool,
    certificate_sent: AtomicBool,
}

impl Recorder {
    pub(super) fn new(shared: Arc<Shared>, now: SystemTime) -> Self {
        Self {
            shared,
            now,
            record: OnceLock::new(),
            certificate_requested: AtomicBool::new(false),
            certificate_sent: AtomicBool::new(false),
        }
    }

    /// What was recorded, if the handshake came so far.
    pub(super) fn take(&self) -> Option<Record> {
        self.record.get().map(|record| record.as_ref().clone())
    }

    /// Whether the server asked for a client certificate.
    pub(super) fn certificate_requested(&self) -> bool {
        self.certificate_requested.load(Ordering::Relaxed)
    }

    /// Whose client certificate the server was sent.
    pub(super) fn certificate_sent(&self) -> Option<Arc<str>> {
        let client = self.shared.client.as_ref().filter(|_| self.certificate_sent.load(Ordering::Relaxed));
        client.map(|client| Arc::clone(&client.subject))
    }

    fn examine(
        &self,
        digest: Digest,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        staple: &[u8],
        name: &ServerName<'_>,
    ) -> Arc<Record> {
        let facts = seen::facts(digest, std::iter::once(leaf).chain(rest));
        let presented = Presented { leaf, intermediates: rest, staple, facts: &facts };
        let machine;
        let against = match &self.shared.stores {
            Stores::File(trust) => Against::File(trust),
            Stores::Bundled => Against::File(&MOZILLA),
            Stores::Public { machine: store, own_host } => {
                machine = store.current();
                Against::Public { bundled: &MOZILLA, machine: machine.as_deref(), own_host: *own_host }
            }
        };
        let verdict = checks::judge(presented, name, against, self.now);
        Arc::new(Record {
            facts,
            checks: Arc::new(verdict.checks),
            trusted_by: verdict.trusted_by,
            verified_until: verdict.verified_until,
        })
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let digest = Digest::of(std::iter::once(leaf).chain(intermediates));
        let record = match self.shared.last.get(digest, ocsp_response, self.now) {
            Some(record) => record,
            None => {
                let record = self.examine(digest, leaf, intermediates, ocsp_response, name);
                if record.checks.failure().is_none() {
                    self.shared.last.put(digest, ocsp_response, &record, self.now);
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
            Some(Reason::TlsRevoked) => CertificateError::Revoked,
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
        verify_tls12_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

/// That a certificate was asked for, and whether one was sent, explains what the server does next.
impl ResolvesClientCert for Recorder {
    fn resolve(&self, _hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.certificate_requested.store(true, Ordering::Relaxed);
        // Whatever issuers the server names: that it rejects ours says more than that none was sent.
        let fitting = self.shared.client.as_ref()?.fitting(schemes)?;
        self.certificate_sent.store(true, Ordering::Relaxed);
        Some(fitting)
    }

    fn has_certs(&self) -> bool {
        self.shared.client.is_some()
    }
}
