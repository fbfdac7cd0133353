//! The same TLS for a client that makes its connections itself.
//!
//! Promises: it trusts what the journey trusts and shows the certificate that the journey shows; each handshake is
//! judged by the clock of its own time, and none is resumed, so that each is verified.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::setup::{PROVIDER, TlsSetup};
use super::verifier::{Recorder, Shared};
use crate::clock;
use crate::units::Deadline;

/// Who is spoken to, and a proxy that may be spoken to on the way.
#[derive(Debug)]
pub(in crate::probe) struct Peers {
    target: Arc<Shared>,
    proxy: Option<(ServerName<'static>, Arc<Shared>)>,
}

impl Peers {
    /// What is shared with the journeys to the peer of this name.
    fn of(&self, name: &ServerName<'_>) -> &Arc<Shared> {
        match &self.proxy {
            Some((proxy, shared)) if proxy == name => shared,
            _ => &self.target,
        }
    }

    fn recorder(shared: &Arc<Shared>) -> Recorder {
        Recorder::new(Arc::clone(shared), clock::wall())
    }

    /// Has the machine's store at hand for handshakes that come.
    pub(in crate::probe) async fn ready(&self, deadline: Deadline) {
        let now = clock::wall();
        self.target.ready(now, deadline).await;
        if let Some((_, proxy)) = &self.proxy {
            proxy.ready(now, deadline).await;
        }
    }
}

/// A configuration that trusts nobody, for a client that never speaks TLS.
pub(in crate::probe) fn trusting_nobody() -> Result<ClientConfig, Error> {
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&PROVIDER)).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

impl TlsSetup {
    /// A configuration for many handshakes of one client, with this proxy on the way, and who has to be ready for them.
    pub(in crate::probe) fn ordinary(&self, proxy: Option<&Self>) -> (ClientConfig, Arc<Peers>) {
        let proxy = proxy.map(|proxy| (proxy.server_name(), Arc::clone(proxy.shared())));
        let peers = Arc::new(Peers { target: Arc::clone(self.shared()), proxy });
        let mut config = self.base().clone();
        config.client_auth_cert_resolver = Arc::clone(&peers) as _;
        config.dangerous().set_certificate_verifier(Arc::clone(&peers) as _);
        (config, peers)
    }
}

impl ServerCertVerifier for Peers {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let recorder = Self::recorder(self.of(name));
        recorder.verify_server_cert(leaf, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::recorder(&self.target).verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::recorder(&self.target).verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Self::recorder(&self.target).supported_verify_schemes()
    }
}

impl ResolvesClientCert for Peers {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Self::recorder(&self.target).resolve(hints, schemes)
    }

    fn has_certs(&self) -> bool {
        self.target.client.is_some()
    }
}
