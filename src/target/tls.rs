//! How TLS is spoken.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Which roots a certificate must lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// The bundled Mozilla roots, or else the machine's own store, which is told.
    Public,
    /// The certificates of one file, and no others.
    File {
        /// Where they were read.
        path: Arc<str>,
        /// The certificates; never empty. Targets that name the same file share them.
        certificates: Arc<[CertificateDer<'static>]>,
    },
}

/// The lowest version of TLS to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MinTls {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

/// The canary's own certificate, for servers that demand one.
#[derive(Clone)]
pub struct ClientCertificate {
    /// Where the certificate was read.
    pub cert_path: String,
    /// Where the key was read.
    pub key_path: String,
    /// The chain, leaf first; never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the leaf.
    pub key: Arc<PrivateKeyDer<'static>>,
}

impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        let Self { cert_path, key_path, chain, key } = self;
        cert_path == &other.cert_path
            && key_path == &other.key_path
            && chain == &other.chain
            && key.secret_der() == other.key.secret_der()
    }
}

impl Eq for ClientCertificate {}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({}, {})", self.cert_path, self.key_path)
    }
}

/// How TLS is spoken with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// What to trust.
    pub roots: Roots,
    /// The name to send and verify instead of the URL's host.
    pub server_name: Option<String>,
    /// The lowest version to accept.
    pub min_version: MinTls,
    /// Whether older versions than `min_version` are tried too, and must be refused.
    pub refuses_older: bool,
    /// What is shown to a server that asks for a certificate.
    pub client_cert: Option<ClientCertificate>,
    /// How long before its end a certificate is reported as expiring.
    pub expiry_warning: Duration,
}
