//! What targets with equal options share, made once for all of them: of thousands of targets few differ in it.
//!
//! Promises: nothing that one target saw or holds is in it; stores of roots that no target uses any more go.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, SupportedProtocolVersion, version};

use super::setup::{CLASSICAL, PROVIDER};
use super::trust::{Stores, Trust};
use super::verified::LastVerified;
use super::verifier::{Recorder, Shared};
use crate::target::MinTls;

/// Which key exchanges are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum KeyExchange {
    /// All, those that are safe from quantum computers among them.
    All,
    /// Classical ones only.
    Classical,
}

/// What the configuration of a handshake depends on before there is a verifier.
type Options = (KeyExchange, MinTls, Vec<Vec<u8>>);

/// There are as many as the program has lists of protocols, four times over.
static BASES: LazyLock<Mutex<HashMap<Options, Arc<ClientConfig>>>> = LazyLock::new(Mutex::default);

/// Stores by their certificates.
type Trusts = HashMap<Arc<[CertificateDer<'static>]>, Weak<Trust>>;

static TRUSTS: LazyLock<Mutex<Trusts>> = LazyLock::new(Mutex::default);

impl KeyExchange {
    fn provider(self) -> &'static Arc<CryptoProvider> {
        match self {
            Self::All => &PROVIDER,
            Self::Classical => &CLASSICAL,
        }
    }
}

/// A configuration that offers these protocols by ALPN. Its verifier knows the bundled roots only; each handshake has one of
/// its own.
pub(super) fn base(
    exchange: KeyExchange,
    min_version: MinTls,
    alpn: &[&[u8]],
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let alpn: Vec<Vec<u8>> = alpn.iter().map(|name| name.to_vec()).collect();
    let options = (exchange, min_version, alpn);
    let mut bases = BASES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(base) = bases.get(&options) {
        return Ok(Arc::clone(base));
    }
    let versions: &[&SupportedProtocolVersion] = match min_version {
        MinTls::V12 => &[&version::TLS13, &version::TLS12],
        MinTls::V13 => &[&version::TLS13],
    };
    let shared = Shared { stores: Stores::Bundled, last: LastVerified::default(), client: None };
    let recorder = Recorder::new(Arc::new(shared), crate::clock::wall());
    let mut base = ClientConfig::builder_with_provider(Arc::clone(exchange.provider()))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(recorder))
        .with_no_client_auth();
    // A resumed handshake shows no certificate, and seeing the certificate is half of what a probe is for.
    base.resumption = rustls::client::Resumption::disabled();
    base.alpn_protocols.clone_from(&options.2);
    let base = Arc::new(base);
    bases.insert(options, Arc::clone(&base));
    Ok(base)
}

/// The store of these certificates: that of others who trust the same ones, else what `make` makes.
pub(super) fn trust<E>(
    certificates: &Arc<[CertificateDer<'static>]>,
    make: impl FnOnce() -> Result<Trust, E>,
) -> Result<Arc<Trust>, E> {
    let mut trusts = TRUSTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(trust) = trusts.get(certificates).and_then(Weak::upgrade) {
        return Ok(trust);
    }
    let trust = Arc::new(make()?);
    trusts.retain(|_, trust| trust.strong_count() > 0);
    trusts.insert(Arc::clone(certificates), Arc::downgrade(&trust));
    Ok(trust)
}
