//! Ordinary HTTP clients, for everything that is not a journey.
//!
//! Promises: a client does what it is asked for and no more: it follows no redirect, tries nothing again, keeps no
//! cookie, unpacks nothing; it always has a TLS configuration, without which building one would panic.

use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

/// A client that speaks TLS so. It follows the process's proxy variables unless it is told otherwise.
#[expect(clippy::disallowed_methods, reason = "this is the one place that begins a client")]
pub fn client(tls: ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
}

/// TLS that trusts the bundled Mozilla roots and this machine's own store, which is read from disk.
///
/// # Errors
/// If rustls refuses its own defaults.
pub fn public_tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // What cannot be read is none of this program's business to complain of.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    tls(roots)
}

/// TLS that trusts these roots and no others.
///
/// # Errors
/// If rustls refuses its own defaults.
pub fn tls(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = [b"h2".as_slice(), b"http/1.1"].map(<[u8]>::to_vec).into();
    Ok(config)
}
