//! Certificates, good and bad, minted anew at every start.

use super::super::dialect::Dialect;
use super::super::simulator::StartError;
use super::super::world::wall_clock;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::time::Duration;

const DAY: i64 = 86_400;

/// Authority information access, and within it "where the issuer's certificate is".
const OID_AIA: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
const DER_CA_ISSUERS: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];

type Ca = CertifiedIssuer<'static, KeyPair>;

/// What a server presents: its chain and the key of its first certificate.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Everything the TLS configurations present.
pub(super) struct Certificates {
    pub(super) root: CertificateDer<'static>,
    pub(super) root_pem: String,
    pub(super) intermediate: CertificateDer<'static>,
    pub(super) healthy: Identity,
    pub(super) expired: Identity,
    pub(super) not_yet_valid: Identity,
    pub(super) wrong_name: Identity,
    pub(super) untrusted: Identity,
    pub(super) untrusted_root_sent: Identity,
    pub(super) self_signed: Identity,
    pub(super) incomplete_chain: Identity,
    pub(super) expiring: Identity,
}

/// The first and the last day of validity, in days from now.
#[derive(Clone, Copy)]
struct Days(i64, i64);

impl Days {
    const USUAL: Days = Days(-1, 89);
    const AUTHORITY: Days = Days(-365, 1825);
}

// === impl Certificates ===

impl Certificates {
    /// `issuer_url` is where the intermediate's certificate can be fetched.
    pub(super) fn mint(domain: &str, issuer_url: &str) -> Result<Self, StartError> {
        let now = wall_clock();
        let root = authority("api-canary simulated root", None, now)?;
        let intermediate = authority("api-canary simulated intermediate", Some(&root), now)?;
        let foreign_root = authority("Unknown root", None, now)?;
        let foreign = authority("Unknown intermediate", Some(&foreign_root), now)?;

        // A wildcard covers one label, and `tls-1.2` is two.
        let mut names: Vec<_> = ["", "*.", "tls-1.2."].map(|label| format!("{label}{domain}")).into();
        names.extend(Dialect::ALL.iter().flat_map(|dialect| {
            ["*.", "tls-1.2."].map(|label| format!("{label}{}.{domain}", dialect.label()))
        }));
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        let signed = |days, sent: &[&Ca]| leaf(&names, days, now, &intermediate, sent, None);

        Ok(Self {
            healthy: signed(Days::USUAL, &[&intermediate])?,
            expired: signed(Days(-93, -3), &[&intermediate])?,
            not_yet_valid: signed(Days(3, 93), &[&intermediate])?,
            expiring: signed(Days(-85, 5), &[&intermediate])?,
            incomplete_chain: leaf(&names, Days::USUAL, now, &intermediate, &[], Some(issuer_url))?,
            wrong_name: leaf(
                &["wrong.example".to_owned()],
                Days::USUAL,
                now,
                &intermediate,
                &[&intermediate],
                None,
            )?,
            untrusted: leaf(&names, Days::USUAL, now, &foreign, &[&foreign], None)?,
            untrusted_root_sent: leaf(&names, Days::USUAL, now, &foreign, &[&foreign, &foreign_root], None)?,
            self_signed: self_signed(&names, now)?,
            root: root.der().clone(),
            root_pem: root.pem(),
            intermediate: intermediate.der().clone(),
        })
    }
}

fn authority(name: &str, issuer: Option<&Ca>, now: Timestamp) -> Result<Ca, StartError> {
    let mut params = params(&[], name, Days::AUTHORITY, now)?;
    let depth =
        if issuer.is_some() { BasicConstraints::Constrained(0) } else { BasicConstraints::Unconstrained };
    params.is_ca = IsCa::Ca(depth);
    if name.starts_with("Unknown") {
        // A stranger's organization: sharing the trusted root's would make its leaves look like an incomplete chain.
        params.distinguished_name.push(DnType::OrganizationName, "Unknown authority");
    }
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    Ok(match issuer {
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer)?,
        None => CertifiedIssuer::self_signed(params, key)?,
    })
}

fn leaf(
    names: &[String],
    days: Days,
    now: Timestamp,
    issuer: &Ca,
    sent: &[&Ca],
    issuer_url: Option<&str>,
) -> Result<Identity, StartError> {
    let mut params = server_params(names, days, now)?;
    params.custom_extensions.extend(issuer_url.map(authority_information_access));
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.signed_by(&key, issuer)?;
    let mut chain = vec![certificate.der().clone()];
    chain.extend(sent.iter().map(|ca| ca.der().clone()));
    Ok(Identity { chain, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() })
}

fn self_signed(names: &[String], now: Timestamp) -> Result<Identity, StartError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = server_params(names, Days::USUAL, now)?.self_signed(&key)?;
    let chain = vec![certificate.der().clone()];
    Ok(Identity { chain, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() })
}

fn server_params(names: &[String], days: Days, now: Timestamp) -> Result<CertificateParams, StartError> {
    let subject = names.first().map_or("", String::as_str);
    let mut params = params(names, subject, days, now)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn params(
    names: &[String],
    subject: &str,
    days: Days,
    now: Timestamp,
) -> Result<CertificateParams, StartError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "api-canary simulator");
    params.distinguished_name.push(DnType::CommonName, subject);
    let epoch = date_time_ymd(1970, 1, 1);
    let day = |days: i64| {
        let seconds = now.as_second().saturating_add(days.saturating_mul(DAY));
        epoch + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    let Days(first, last) = days;
    (params.not_before, params.not_after) = (day(first), day(last));
    Ok(params)
}

/// The extension public authorities put into every leaf: where its issuer's certificate is.
fn authority_information_access(url: &str) -> CustomExtension {
    let url = [&der_head(0x86, url.len()), url.as_bytes()].concat();
    let access = [DER_CA_ISSUERS, &url].concat();
    let access = [&der_head(0x30, access.len()), access.as_slice()].concat();
    let list = [&der_head(0x30, access.len()), access.as_slice()].concat();
    CustomExtension::from_oid_content(OID_AIA, list)
}

/// Tag and length; an URL here is an address and a short path, far below 128 bytes.
fn der_head(tag: u8, length: usize) -> [u8; 2] {
    [tag, u8::try_from(length).unwrap_or(0)]
}
