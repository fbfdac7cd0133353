//! What one proxy needs, made once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::tls::{SetupError, TlsSetup};
use super::confided::Confided;
use crate::outcome::ProxyProtocol;
use crate::target::{MinTls, Proxy, Secret, TlsOptions};

/// How long before its end a proxy's certificate is reported as expiring.
const EXPIRY_WARNING: Duration = Duration::from_secs(21 * 24 * 3600);

/// All about one proxy that can be made once.
#[derive(Debug)]
pub(in super::super) struct ProxySetup {
    proxy: Arc<Proxy>,
    shown: String,
    tls: Option<TlsSetup>,
    authorization: Option<Secret>,
    confided: Confided,
}

impl ProxySetup {
    /// Prepares to use a proxy.
    pub(in super::super) fn new(proxy: Arc<Proxy>) -> Result<Self, SetupError> {
        let tls = match proxy.protocol {
            ProxyProtocol::Https => {
                let options = TlsOptions {
                    roots: proxy.roots.clone(),
                    server_name: None,
                    min_version: MinTls::V12,
                    refuses_older: false,
                    client_cert: None,
                    expiry_warning: EXPIRY_WARNING,
                };
                // A company's proxy has a certificate of the company's own issuer.
                Some(TlsSetup::new(&options, &[b"http/1.1"], &proxy.host, false)?)
            }
            ProxyProtocol::Http | ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => None,
        };
        let token = proxy.credentials.as_ref().map(|credentials| {
            STANDARD.encode(format!("{}:{}", credentials.user.expose(), credentials.password.expose()))
        });
        let authorization = token.as_ref().map(|token| Secret::new(format!("Basic {token}")));
        let confided = Confided::of(proxy.credentials.as_ref(), token);
        Ok(Self { shown: proxy.to_string(), proxy, tls, authorization, confided })
    }

    pub(in crate::probe) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Its URL, without credentials.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(in crate::probe) fn tls(&self) -> Option<&TlsSetup> {
        self.tls.as_ref()
    }

    /// The value of `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }

    /// Whether it was told who we are.
    pub(in crate::probe) fn is_keyed(&self) -> bool {
        self.authorization.is_some() || self.proxy.credentials.is_some()
    }

    pub(super) fn confided(&self) -> &Confided {
        &self.confided
    }
}
