//! Chains as servers and middleboxes present them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

use super::super::facts;
use super::super::setup::trust;
use super::*;

type Ca = CertifiedIssuer<'static, KeyPair>;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn params(common_name: &str, organization: &str, days: u32) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = (clock::wall() - DAY).into();
    params.not_after = (clock::wall() + DAY * days).into();
    params
}

fn ca(common_name: &str, organization: &str, days: u32) -> CertificateParams {
    let mut params = params(common_name, organization, days);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root(common_name: &str, organization: &str) -> Ca {
    CertifiedIssuer::self_signed(ca(common_name, organization, 900), KeyPair::generate().unwrap()).unwrap()
}

fn below(issuer: &Ca, common_name: &str, organization: &str) -> Ca {
    let key = KeyPair::generate().unwrap();
    CertifiedIssuer::signed_by(ca(common_name, organization, 900), key, issuer).unwrap()
}

fn leaf(issuer: &Ca, change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
    let mut params = params("api.example", "Example", 90);
    params.subject_alt_names = vec![rcgen::SanType::DnsName("api.example".try_into().unwrap())];
    change(&mut params);
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().clone()
}

/// AIA caIssuers with the URL `http://a.example/`.
fn with_issuer_url(params: &mut CertificateParams) {
    let url = b"http://a.example/";
    let mut access = vec![0x30, 0x1d, 0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, 17];
    access.extend_from_slice(url);
    let mut content = vec![0x30, u8::try_from(access.len()).unwrap()];
    content.extend_from_slice(&access);
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content));
}

fn trusting(roots: &[&CertificateDer<'static>]) -> Trust {
    let mut store = RootCertStore::empty();
    roots.iter().for_each(|root| store.add((*root).clone()).unwrap());
    trust(store, roots.iter().map(|root| (*root).clone()).collect())
}

fn checked(chain: &[&CertificateDer<'static>], trust: &Trust) -> (CertificateChecks, Option<SystemTime>) {
    let chain: Vec<_> = chain.iter().map(|cert| (*cert).clone()).collect();
    let facts = facts::of_chain(chain.iter());
    assert_eq!(facts.unreadable, 0);
    let presented = Presented { leaf: &chain[0], intermediates: &chain[1..], facts: &facts };
    let name = ServerName::try_from("api.example").unwrap();
    let now = clock::wall();
    (all(presented, &name, trust, now), verified_until(&facts, trust, now))
}

fn reason(chain: &[&CertificateDer<'static>], trust: &Trust) -> Option<Reason> {
    checked(chain, trust).0.failure().map(|failure| failure.reason)
}

#[test]
fn a_missing_link_to_a_known_root_is_an_incomplete_chain() {
    let root = root("Root", "Public CA");
    let intermediate = below(&root, "Issuing", "Public CA");
    let trust = trusting(&[root.der()]);
    let leaf_alone = leaf(&intermediate, |_| {});
    assert_eq!(reason(&[&leaf_alone, intermediate.der()], &trust), None);
    assert_eq!(reason(&[&leaf_alone], &trust), Some(Reason::TlsIncompleteChain));
    let other = below(&root, "Issuing", "Reseller");
    assert_eq!(reason(&[&leaf(&other, with_issuer_url)], &trust), Some(Reason::TlsIncompleteChain));
}

#[test]
fn an_interceptor_that_sends_its_issuing_ca_is_a_stranger() {
    let corporate = root("Corp Root", "Corp");
    let key = KeyPair::generate().unwrap();
    let mut issuing = ca("Corp Issuing", "Corp", 900);
    with_issuer_url(&mut issuing);
    let issuing = CertifiedIssuer::signed_by(issuing, key, &corporate).unwrap();
    let trust = trusting(&[root("Root", "Public CA").der()]);
    let intercepted = leaf(&issuing, with_issuer_url);
    assert_eq!(reason(&[&intercepted, issuing.der()], &trust), Some(Reason::TlsUntrustedIssuer));
    assert_eq!(
        reason(&[&intercepted, issuing.der(), corporate.der()], &trust),
        Some(Reason::TlsUntrustedIssuer)
    );
}

#[test]
fn a_chain_that_reaches_its_root_but_may_not_serve_is_not_called_incomplete() {
    let root = root("Root", "Public CA");
    let client_only = leaf(&root, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        with_issuer_url(params);
    });
    let (checks, _) = checked(&[&client_only], &trusting(&[root.der()]));
    let failure = checks.failure().unwrap();
    assert_eq!(failure.reason, Reason::TlsUntrustedIssuer);
    assert!(failure.detail.contains("refused"), "{}", failure.detail);
}

#[test]
fn an_impostor_of_a_known_root_is_not_called_incomplete() {
    let impostor = root("Root", "Public CA");
    let trust = trusting(&[root("Root", "Public CA").der()]);
    assert_eq!(reason(&[&leaf(&impostor, with_issuer_url)], &trust), Some(Reason::TlsUntrustedIssuer));
}

#[test]
fn the_expiry_is_that_of_the_verified_chain_and_not_of_a_cross_sign_sent_along() {
    let new_key = KeyPair::generate().unwrap();
    let new_root = ca("New Root", "Public CA", 900).self_signed(&new_key).unwrap();
    let old_root = root("Old Root", "Public CA");
    let cross = ca("New Root", "Public CA", 5).signed_by(&new_key, &old_root).unwrap();
    let new_issuer = CertifiedIssuer::self_signed(ca("New Root", "Public CA", 900), new_key).unwrap();
    let intermediate = below(&new_issuer, "Issuing", "Public CA");
    let leaf = leaf(&intermediate, |_| {});
    let (checks, until) = checked(&[&leaf, intermediate.der(), cross.der()], &trusting(&[new_root.der()]));
    assert_eq!(checks.failure(), None);
    let left = until.unwrap().duration_since(clock::wall()).unwrap();
    assert!(left > DAY * 80, "{left:?}");
}

#[test]
fn a_self_signed_certificate_that_is_trusted_itself_is_fine_until_it_expires() {
    let key = KeyPair::generate().unwrap();
    let mut own = ca("gateway", "Example", 30);
    own.subject_alt_names = vec![rcgen::SanType::DnsName("api.example".try_into().unwrap())];
    let fine = own.self_signed(&key).unwrap();
    let (checks, until) = checked(&[fine.der()], &trusting(&[fine.der()]));
    assert_eq!(checks.failure(), None);
    assert!(until.is_some());
    assert_eq!(reason(&[fine.der()], &trusting(&[root("Root", "R").der()])), Some(Reason::TlsSelfSigned));
    own.not_after = (clock::wall() - Duration::from_secs(60)).into();
    let old = own.self_signed(&key).unwrap();
    assert_eq!(reason(&[old.der()], &trusting(&[old.der()])), Some(Reason::TlsCertExpired));
    own.subject_alt_names.clear();
    own.not_after = (clock::wall() + DAY).into();
    let elsewhere = own.self_signed(&key).unwrap();
    assert_eq!(reason(&[elsewhere.der()], &trusting(&[elsewhere.der()])), Some(Reason::TlsNameMismatch));
}

#[test]
fn organizations_are_found_in_names() {
    assert_eq!(organization("CN=WE1,O=Google Trust Services,C=US"), Some("Google Trust Services"));
    assert_eq!(
        organization("O=Internet Security Research Group,C=US"),
        Some("Internet Security Research Group")
    );
    assert_eq!(organization("CN=x"), None);
}
