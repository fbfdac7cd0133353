//! TLS options.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use super::{Context, client_cert};
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place};
use crate::config::raw::{EXPIRY_WARNING, RawMinVersion, RawTls, Time};
use crate::target::{MinTls, Roots, TlsOptions, read_regular};

/// The largest file of certificates that is read; the bundle of a whole system is a fifth of a megabyte.
const MAX_CA_BYTES: u64 = 8 * 1024 * 1024;

/// The options of a target.
pub(super) fn options(field: Field<RawTls>, context: &Context<'_>) -> Checked<TlsOptions> {
    let (raw, whole) = field.section();
    let roots = raw.ca_file.checked().and_then(|given| match given {
        None => Ok(Roots::Public),
        Some((file, place)) => {
            context.ours_to_name(&place)?;
            ca_file(&file, &place, context)
        }
    });
    let server_name = raw.server_name.checked().and_then(|given| match given {
        None => Ok(None),
        Some((name, place)) => server_name(name, &place, context).map(Some),
    });
    let min_version = raw.min_version.checked();
    let refuses_older = match raw.refuse_older.checked() {
        Ok(Some((refuses, _))) => Ok(refuses),
        // Who names a version means it.
        Ok(None) => Ok(matches!(min_version, Ok(Some(_)))),
        Err(reported) => Err(reported),
    };
    let min_version = min_version.map(|given| match given {
        None | Some((RawMinVersion::V12, _)) => MinTls::V12,
        Some((RawMinVersion::V13, _)) => MinTls::V13,
    });
    let client_cert = client_cert::client_cert(raw.client_cert, context);
    let expiry_warning = raw.expiry_warning.or(Time(EXPIRY_WARNING));
    whole?;
    Ok(TlsOptions {
        roots: roots?,
        server_name: server_name?,
        min_version: min_version?,
        refuses_older: refuses_older?,
        client_cert: client_cert?,
        expiry_warning: expiry_warning?.0,
    })
}

/// A name to send and to verify.
pub(super) fn server_name(name: String, place: &Place, context: &Context<'_>) -> Checked<String> {
    match ServerName::try_from(name.as_str()) {
        Ok(_) => Ok(name),
        Err(_) => {
            let message = format!("{} is not a DNS name or an IP address", place.show(&name));
            Err(context.report.add(place, message))
        }
    }
}

/// The certificates of a file as the only roots.
pub(super) fn ca_file(file: &str, place: &Place, context: &Context<'_>) -> Checked<Roots> {
    let path = context.directory.join(file);
    if let Some(roots) = context.roots.borrow().get(&path) {
        return Ok(roots.clone());
    }
    let shown = place.show(file);
    if context.env.is_elsewhere() && !path.exists() {
        return Ok(Roots::Public);
    }
    let certificates = read_regular(&path, MAX_CA_BYTES)
        .map_err(|error| context.report.add(place, format!("cannot read {shown}: {error}")))?;
    let certificates = parse(&certificates)
        .map_err(|error| context.report.add(place, format!("{shown} cannot be used: {error}")))?;
    let roots = Roots::File { path: path.to_string_lossy().into(), certificates: certificates.into() };
    context.roots.borrow_mut().insert(path, roots.clone());
    Ok(roots)
}

/// The certificates of a PEM file, each one usable as a root.
fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = chain(pem)?;
    let mut store = rustls::RootCertStore::empty();
    for (index, certificate) in certificates.iter().enumerate() {
        store
            .add(certificate.clone())
            .map_err(|error| format!("certificate {} in it is not valid: {error}", index + 1))?;
    }
    Ok(certificates)
}

/// The certificates of a PEM file; never none.
pub(super) fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("there is no certificate in it (PEM, BEGIN CERTIFICATE)".to_owned());
    }
    Ok(certificates)
}
