//! The TLS configuration of a target, made once.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use x509_parser::prelude::{FromDer as _, X509Name};

use super::checks::Trust;
use super::facts;
use super::verified::LastVerified;
use super::verifier::{Recorder, SharedTrust};
use crate::target::{Host, HttpOffer, MinTls, Roots, TlsOptions};

/// Why TLS cannot be set up for a target.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The name cannot be sent as a server name.
    #[error("{0:?} cannot be used as a TLS server name")]
    ServerName(String),
    /// The trusted certificates cannot be used.
    #[error("the certificate {number} of {path} cannot be used as a root: {reason}")]
    Root {
        /// The file.
        path: String,
        /// Which of its certificates, from 1.
        number: usize,
        /// Why.
        reason: rustls::Error,
    },
    /// rustls refused the configuration.
    #[error("TLS cannot be configured: {0}")]
    Rustls(#[from] rustls::Error),
}

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));

/// The bundled Mozilla roots, read once for all targets.
static MOZILLA: LazyLock<Arc<Trust>> = LazyLock::new(|| {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Arc::new(trust(roots, Vec::new()))
});

/// What a target needs for its handshakes.
#[derive(Debug)]
pub(crate) struct TlsSetup {
    base: ClientConfig,
    trust: Arc<SharedTrust>,
    server_name: ServerName<'static>,
    shown_name: String,
    expiry_warning: Duration,
}

impl TlsSetup {
    pub(crate) fn new(options: &TlsOptions, offer: HttpOffer, host: &Host) -> Result<Self, SetupError> {
        let shown_name = options.server_name.clone().unwrap_or_else(|| host.to_string());
        let server_name = ServerName::try_from(shown_name.clone())
            .map_err(|_| SetupError::ServerName(shown_name.clone()))?;
        let trust = match &options.roots {
            Roots::Mozilla => Arc::clone(&MOZILLA),
            Roots::File { path, certificates } => {
                Arc::new(trust(roots_of(path, certificates)?, certificates.clone()))
            }
        };
        let trust = Arc::new(SharedTrust { trust, last: LastVerified::default() });
        let versions: &[&SupportedProtocolVersion] = match options.min_version {
            MinTls::V12 => &[&version::TLS13, &version::TLS12],
            MinTls::V13 => &[&version::TLS13],
        };
        let recorder = Arc::new(Recorder::new(Arc::clone(&trust), crate::clock::wall()));
        let mut base = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(recorder)
            .with_no_client_auth();
        // A resumed handshake shows no certificate, and seeing the certificate is half of what a probe is for.
        base.resumption = rustls::client::Resumption::disabled();
        base.alpn_protocols = match offer {
            HttpOffer::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            HttpOffer::H1 => vec![b"http/1.1".to_vec()],
            HttpOffer::H2 => vec![b"h2".to_vec()],
        };
        Ok(Self { base, trust, server_name, shown_name, expiry_warning: options.expiry_warning })
    }

    /// The configuration of one handshake.
    pub(super) fn config(&self, recorder: Arc<Recorder>) -> Arc<ClientConfig> {
        let mut config = self.base.clone();
        config.client_auth_cert_resolver = Arc::clone(&recorder) as _;
        config.dangerous().set_certificate_verifier(recorder);
        Arc::new(config)
    }

    pub(super) fn trust(&self) -> &Arc<SharedTrust> {
        &self.trust
    }

    pub(super) fn server_name(&self) -> ServerName<'static> {
        self.server_name.clone()
    }

    pub(super) fn shown_name(&self) -> &str {
        &self.shown_name
    }

    pub(super) fn expiry_warning(&self) -> Duration {
        self.expiry_warning
    }
}

fn roots_of(path: &str, certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates.iter().enumerate() {
        let added = roots.add(certificate.clone());
        added.map_err(|reason| SetupError::Root { path: path.to_owned(), number: at + 1, reason })?;
    }
    Ok(roots)
}

/// What handshakes with these roots check against; `pinned` are trusted as they stand.
pub(super) fn trust(roots: RootCertStore, pinned: Vec<CertificateDer<'static>>) -> Trust {
    // A trust anchor's subject is the content of its DER sequence, without the header.
    let subject = |anchor: &[u8]| {
        let der = sequence(anchor);
        X509Name::from_der(&der).ok().map(|(_, subject)| facts::name(&subject))
    };
    let mut subjects: Vec<_> = roots.roots.iter().filter_map(|root| subject(&root.subject)).collect();
    subjects.sort_unstable();
    Trust { roots, subjects, pinned, algorithms: PROVIDER.signature_verification_algorithms }
}

/// DER of a SEQUENCE with this content.
fn sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![0x30];
    match significant.as_slice() {
        [] => der.push(0),
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}

/// A version's name as dashboards know it.
pub(super) fn version_name(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
        ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
        _ => None,
    }
}

/// A suite's IANA name: rustls calls the TLS 1.3 suites `TLS13_…`, everyone else `TLS_…`.
pub(super) fn cipher_name(suite: CipherSuite) -> String {
    let name = format!("{suite:?}");
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_are_known_by_their_names() {
        let known = |text: &str| MOZILLA.subjects.iter().any(|subject| subject == text);
        assert!(known("CN=ISRG Root X1,O=Internet Security Research Group,C=US"), "{:?}", MOZILLA.subjects);
        assert!(known("CN=GTS Root R1,O=Google Trust Services LLC,C=US"));
    }

    #[test]
    fn suites_have_their_iana_names() {
        assert_eq!(cipher_name(CipherSuite::TLS13_AES_256_GCM_SHA384), "TLS_AES_256_GCM_SHA384");
        assert_eq!(
            cipher_name(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        );
    }
}
