//! The TLS configurations, built once, and which one a fault means.

use super::super::fault::Fault;
use super::super::simulator::StartError;
use super::certificates::{Certificates, Identity};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::net::SocketAddr;
use std::sync::Arc;

const H2_AND_H1: &[&str] = &["h2", "http/1.1"];
const H1: &[&str] = &["http/1.1"];
const BOTH_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// Every way to go through with a handshake.
pub(in super::super) struct Tls {
    ca_pem: String,
    intermediate: CertificateDer<'static>,
    healthy: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    not_yet_valid: Arc<ServerConfig>,
    wrong_name: Arc<ServerConfig>,
    untrusted: Arc<ServerConfig>,
    untrusted_root_sent: Arc<ServerConfig>,
    self_signed: Arc<ServerConfig>,
    incomplete_chain: Arc<ServerConfig>,
    expiring: Arc<ServerConfig>,
    tls12: Arc<ServerConfig>,
    client_cert: Arc<ServerConfig>,
    no_alpn: Arc<ServerConfig>,
    h1_only: Arc<ServerConfig>,
}

/// How to break off a handshake instead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Break {
    Say(&'static [u8]),
    Reset,
    Close,
    Hang,
}

/// What to do with a ClientHello.
pub(super) enum Handshake<'a> {
    GoOn(&'a Arc<ServerConfig>),
    BreakOff(Break),
}

// === impl Tls ===

impl Tls {
    /// `control` is where the intermediate certificate can be fetched, over plain HTTP.
    pub(in super::super) fn new(domain: &str, control: SocketAddr) -> Result<Self, StartError> {
        let certificates = Certificates::mint(domain, &format!("http://{control}/intermediate.der"))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let make = |identity, versions, alpn| config(&provider, identity, versions, alpn, None);
        let usual = |identity| make(identity, BOTH_VERSIONS, H2_AND_H1);
        let healthy = &certificates.healthy;
        Ok(Self {
            healthy: usual(healthy)?,
            expired: usual(&certificates.expired)?,
            not_yet_valid: usual(&certificates.not_yet_valid)?,
            wrong_name: usual(&certificates.wrong_name)?,
            untrusted: usual(&certificates.untrusted)?,
            untrusted_root_sent: usual(&certificates.untrusted_root_sent)?,
            self_signed: usual(&certificates.self_signed)?,
            incomplete_chain: usual(&certificates.incomplete_chain)?,
            expiring: usual(&certificates.expiring)?,
            tls12: make(healthy, &[&TLS12], H2_AND_H1)?,
            client_cert: config(&provider, healthy, BOTH_VERSIONS, H2_AND_H1, Some(&certificates.root))?,
            no_alpn: make(healthy, BOTH_VERSIONS, &[])?,
            h1_only: make(healthy, BOTH_VERSIONS, H1)?,
            ca_pem: certificates.root_pem,
            intermediate: certificates.intermediate,
        })
    }

    pub(in super::super) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The issuer's certificate that `tls-incomplete-chain` does not send.
    pub(in super::super) fn intermediate_der(&self) -> &[u8] {
        &self.intermediate
    }

    /// `large` is whether the ClientHello offers a post-quantum key exchange, which makes it a large one.
    pub(super) fn handshake(&self, fault: Option<Fault>, large: bool) -> Handshake<'_> {
        Handshake::GoOn(match fault {
            Some(Fault::TlsNotTls) => return Handshake::BreakOff(Break::Say(NOT_TLS)),
            Some(Fault::TlsBanner) => return Handshake::BreakOff(Break::Say(b"SSH-2.0-OpenSSH_9.2\r\n")),
            Some(Fault::TlsAlert) => return Handshake::BreakOff(Break::Say(HANDSHAKE_FAILURE)),
            Some(Fault::TlsVersion) => return Handshake::BreakOff(Break::Say(PROTOCOL_VERSION)),
            Some(Fault::TlsReset) => return Handshake::BreakOff(Break::Reset),
            Some(Fault::TlsEof) => return Handshake::BreakOff(Break::Close),
            Some(Fault::TlsTimeout) => return Handshake::BreakOff(Break::Hang),
            Some(Fault::TlsLargeHello) if large => return Handshake::BreakOff(Break::Hang),
            Some(Fault::TlsExpired | Fault::TlsClockBehind) => &self.expired,
            Some(Fault::TlsNotYetValid | Fault::TlsClockAhead) => &self.not_yet_valid,
            Some(Fault::TlsWrongName) => &self.wrong_name,
            Some(Fault::TlsUntrusted) => &self.untrusted,
            Some(Fault::TlsUntrustedRootSent) => &self.untrusted_root_sent,
            Some(Fault::TlsSelfSigned) => &self.self_signed,
            Some(Fault::TlsIncompleteChain) => &self.incomplete_chain,
            Some(Fault::TlsExpiring) => &self.expiring,
            Some(Fault::Tls12) => &self.tls12,
            Some(Fault::TlsClientCert) => &self.client_cert,
            Some(Fault::TlsNoAlpn) => &self.no_alpn,
            Some(Fault::TlsH1Only) => &self.h1_only,
            _ => &self.healthy,
        })
    }
}

const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/html\r\n\
    content-length: 76\r\n\
    connection: close\r\n\r\n\
    <h1>400 Bad Request</h1><p>The plain HTTP request was sent to HTTPS port</p>";

/// Fatal alerts, each in a record of its own.
const HANDSHAKE_FAILURE: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
const PROTOCOL_VERSION: &[u8] = &[21, 3, 3, 0, 2, 2, 70];

fn config(
    provider: &Arc<CryptoProvider>,
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
    client_root: Option<&CertificateDer<'static>>,
) -> Result<Arc<ServerConfig>, StartError> {
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(provider)).with_protocol_versions(versions)?;
    let builder = match client_root {
        None => builder.with_no_client_auth(),
        Some(root) => {
            let mut roots = RootCertStore::empty();
            roots.add(root.clone())?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(identity.chain.clone(), identity.key.clone_key())?;
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    // Every handshake is a full one: probes do not resume, and tickets would only cost.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
