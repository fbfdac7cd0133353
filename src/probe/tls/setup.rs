//! The TLS configuration of a target, made once.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, NamedGroup, ProtocolVersion, RootCertStore};

use super::alike::{self, KeyExchange};
use super::client::Shown;
use super::machine::MACHINE;
use super::trust::{Stores, Trust};
use super::verified::LastVerified;
use super::verifier::{Recorder, Shared};
use crate::target::{Host, Roots, TlsOptions};

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
    /// The canary's own certificate cannot be used.
    #[error("the client certificate {cert_path} with the key {key_path} cannot be used: {reason}")]
    ClientCertificate {
        /// The file of the certificate.
        cert_path: String,
        /// The file of the key.
        key_path: String,
        /// Why.
        reason: String,
    },
    /// rustls refused the configuration.
    #[error("TLS cannot be configured: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The one cryptography library.
pub(super) static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));

/// The same without key exchange that is safe from quantum computers, whose key shares make the client hello a large one.
pub(super) static CLASSICAL: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = aws_lc_rs::default_provider();
    let classical = [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1];
    provider.kx_groups.retain(|group| classical.contains(&group.name()));
    Arc::new(provider)
});

/// What a target needs for its handshakes.
#[derive(Debug)]
pub(crate) struct TlsSetup {
    base: Arc<ClientConfig>,
    shared: Arc<Shared>,
    server_name: ServerName<'static>,
    shown_name: String,
    expiry_warning: Duration,
}

impl TlsSetup {
    /// A setup that offers these protocols by ALPN to `host`; `public` says that its certificate has to be one of a
    /// public issuer.
    pub(crate) fn new(
        options: &TlsOptions,
        alpn: &[&[u8]],
        host: &Host,
        public: bool,
    ) -> Result<Self, SetupError> {
        Self::with_stores(options, alpn, host, stores(options, public)?)
    }

    /// The same with classical key exchange only, and so with a small client hello.
    pub(crate) fn classical(
        options: &TlsOptions,
        alpn: &[&[u8]],
        host: &Host,
        public: bool,
    ) -> Result<Self, SetupError> {
        Self::with_exchange(KeyExchange::Classical, options, alpn, host, stores(options, public)?)
    }

    /// A setup that trusts no more than the bundled roots where no file is given: what this machine's owner put into its
    /// own store may be what intercepts.
    pub(crate) fn without_machine(
        options: &TlsOptions,
        alpn: &[&[u8]],
        host: &Host,
    ) -> Result<Self, SetupError> {
        match options.roots {
            Roots::Public => Self::with_stores(options, alpn, host, Stores::Bundled),
            Roots::File { .. } => Self::new(options, alpn, host, false),
        }
    }

    /// The same with these stores.
    pub(super) fn with_stores(
        options: &TlsOptions,
        alpn: &[&[u8]],
        host: &Host,
        stores: Stores,
    ) -> Result<Self, SetupError> {
        Self::with_exchange(KeyExchange::All, options, alpn, host, stores)
    }

    fn with_exchange(
        exchange: KeyExchange,
        options: &TlsOptions,
        alpn: &[&[u8]],
        host: &Host,
        stores: Stores,
    ) -> Result<Self, SetupError> {
        let shown_name = options.server_name.clone().unwrap_or_else(|| host.to_string());
        let server_name = ServerName::try_from(shown_name.clone())
            .map_err(|_| SetupError::ServerName(shown_name.clone()))?;
        let client = options.client_cert.as_ref().map(Shown::try_new).transpose()?;
        let shared = Arc::new(Shared { stores, last: LastVerified::default(), client });
        let base = alike::base(exchange, options.min_version, alpn)?;
        Ok(Self { base, shared, server_name, shown_name, expiry_warning: options.expiry_warning })
    }

    /// The configuration of one handshake.
    pub(super) fn config(&self, recorder: Arc<Recorder>) -> Arc<ClientConfig> {
        let mut config = ClientConfig::clone(&self.base);
        config.client_auth_cert_resolver = Arc::clone(&recorder) as _;
        config.dangerous().set_certificate_verifier(recorder);
        Arc::new(config)
    }

    /// The configuration without a verifier that can be used.
    pub(super) fn base(&self) -> &ClientConfig {
        &self.base
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(in crate::probe) fn server_name(&self) -> ServerName<'static> {
        self.server_name.clone()
    }

    pub(super) fn shown_name(&self) -> &str {
        &self.shown_name
    }

    pub(super) fn expiry_warning(&self) -> Duration {
        self.expiry_warning
    }
}

/// What a target's chains must lead to.
fn stores(options: &TlsOptions, public: bool) -> Result<Stores, SetupError> {
    Ok(match &options.roots {
        Roots::Public => Stores::Public { machine: Arc::clone(&MACHINE), own_host: public },
        Roots::File { path, certificates } => {
            let make = || {
                let roots = roots_of(path, certificates)?;
                Ok::<_, SetupError>(Trust::new(roots, Arc::clone(certificates)))
            };
            Stores::File(alike::trust(certificates, make)?)
        }
    })
}

fn roots_of(path: &str, certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates.iter().enumerate() {
        let added = roots.add(certificate.clone());
        added.map_err(|reason| SetupError::Root { path: path.to_owned(), number: at + 1, reason })?;
    }
    Ok(roots)
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
    use crate::target::MinTls;

    #[test]
    fn suites_have_their_iana_names() {
        assert_eq!(cipher_name(CipherSuite::TLS13_AES_256_GCM_SHA384), "TLS_AES_256_GCM_SHA384");
        assert_eq!(
            cipher_name(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        );
    }

    fn setup(options: &TlsOptions, host: &str) -> TlsSetup {
        let endpoint = crate::target::Endpoint::parse(host).unwrap();
        TlsSetup::new(options, &[b"h2"], &endpoint.host, false).unwrap()
    }

    #[test]
    fn targets_with_equal_options_share_all_but_what_they_saw() {
        let root =
            || rcgen::generate_simple_self_signed(["root.test".to_owned()]).unwrap().cert.der().clone();
        let file = |certificate: CertificateDer<'static>| Roots::File {
            path: "root.pem".into(),
            certificates: [certificate].into(),
        };
        let (root, other) = (root(), root());
        let options = |roots: Roots| TlsOptions {
            roots,
            server_name: None,
            min_version: MinTls::V12,
            refuses_older: false,
            client_cert: None,
            expiry_warning: Duration::ZERO,
        };
        let trust = |setup: &TlsSetup| match &setup.shared.stores {
            Stores::File(trust) => Arc::clone(trust),
            Stores::Public { .. } | Stores::Bundled => panic!("of a file"),
        };
        let one = setup(&options(file(root.clone())), "https://a.test");
        // Read again, as by a reload.
        let two = setup(&options(file(root.clone())), "https://b.test");
        assert!(Arc::ptr_eq(&one.base, &two.base) && Arc::ptr_eq(&trust(&one), &trust(&two)));
        assert!(
            !Arc::ptr_eq(&one.shared, &two.shared),
            "a chain that verified for one says nothing of the other"
        );
        let elsewhere = setup(&options(file(other)), "https://a.test");
        assert!(!Arc::ptr_eq(&trust(&one), &trust(&elsewhere)));
        let newer = TlsOptions { min_version: MinTls::V13, ..options(file(root)) };
        assert!(!Arc::ptr_eq(&one.base, &setup(&newer, "https://a.test").base));
    }
}
