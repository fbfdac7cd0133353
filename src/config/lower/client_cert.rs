//! The canary's own certificate: two files that must fit together.

use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::{Context, tls};
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::RawClientCert;
use crate::target::{ClientCertificate, read_regular};

/// The largest file that is read; a chain and its key have some thousand bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The certificate of a target, if it has one.
pub(super) fn client_cert(
    field: Field<RawClientCert>,
    context: &Context<'_>,
) -> Checked<Option<ClientCertificate>> {
    let Some((raw, place)) = field.checked()? else { return Ok(None) };
    context.ours_to_name(&place)?;
    if context.env.is_elsewhere() {
        return Ok(None);
    }
    let cert = raw.cert_file.checked().and_then(|given| match given {
        Some((file, at)) => cert_file(&file, &at, context),
        None => Err(missing("cert_file", &place, context)),
    });
    let key = raw.key_file.checked().and_then(|given| match given {
        Some((file, at)) => key_file(&file, &at, context),
        None => Err(missing("key_file", &place, context)),
    });
    let (cert_path, chain) = cert?;
    let (key_path, key) = key?;
    fits(&chain, &key).map_err(|message| context.report.add(&place, message))?;
    Ok(Some(ClientCertificate { cert_path, key_path, chain, key: Arc::new(key) }))
}

fn missing(key: &str, place: &Place, context: &Context<'_>) -> Reported {
    context.report.add(&place.key(key), "missing: a certificate needs both `cert_file` and `key_file`")
}

fn cert_file(
    file: &str,
    place: &Place,
    context: &Context<'_>,
) -> Checked<(String, Vec<CertificateDer<'static>>)> {
    let path = context.directory.join(file);
    let shown = place.show(file);
    let bytes = read_regular(&path, MAX_BYTES)
        .map_err(|error| context.report.add(place, format!("cannot read {shown}: {error}")))?;
    let chain = tls::chain(&bytes)
        .map_err(|error| context.report.add(place, format!("{shown} cannot be used: {error}")))?;
    Ok((path.to_string_lossy().into_owned(), chain))
}

/// Neither the path nor anything inside is shown: either may be the key itself.
fn key_file(file: &str, place: &Place, context: &Context<'_>) -> Checked<(String, PrivateKeyDer<'static>)> {
    let path = context.directory.join(file);
    let bytes = read_regular(&path, MAX_BYTES)
        .map_err(|error| context.report.add(place, format!("the key file cannot be read: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
        if bytes.windows(encrypted.len()).any(|window| window == encrypted) {
            let help = "decrypt it: openssl pkey -in encrypted.pem -out key.pem";
            return context.report.add_with_help(place, "the key in it is encrypted", help);
        }
        let message = match error {
            pem::Error::NoItemsFound => "there is no key in it (PEM, BEGIN PRIVATE KEY)",
            _ => "it is not a PEM file",
        };
        context.report.add(place, message)
    })?;
    Ok((path.to_string_lossy().into_owned(), key))
}

fn fits(chain: &[CertificateDer<'static>], key: &PrivateKeyDer<'static>) -> Result<(), String> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    // The error is not repeated: it is of no use, and its words are not ours to vouch for.
    let key = provider.key_provider.load_private_key(key.clone_key()).map_err(|_| {
        "the key in `key_file` is damaged or of a kind that cannot be used with TLS".to_owned()
    })?;
    match CertifiedKey::new(chain.to_vec(), key).keys_match() {
        // A kind of key that does not tell its public half; the server will.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(()),
        Err(Error::InconsistentKeys(_)) => {
            Err("the key in `key_file` is not the key of the first certificate in `cert_file`".to_owned())
        }
        Err(error) => Err(format!("the first certificate in `cert_file` cannot be used: {error}")),
    }
}
