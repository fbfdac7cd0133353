//! Chains as servers and middleboxes present them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::RootCertStore;

use super::super::facts;
use super::super::trust::MOZILLA;
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
    Trust::new(store, roots.iter().map(|root| (*root).clone()).collect())
}

fn judged(chain: &[&CertificateDer<'static>], against: Against<'_>) -> Verdict {
    let chain: Vec<_> = chain.iter().map(|cert| (*cert).clone()).collect();
    let facts = facts::of_chain(chain.iter());
    assert_eq!(facts.unreadable, 0);
    let presented = Presented { leaf: &chain[0], intermediates: &chain[1..], staple: &[], facts: &facts };
    judge(presented, &ServerName::try_from("api.example").unwrap(), against, clock::wall())
}

fn checked(chain: &[&CertificateDer<'static>], trust: &Trust) -> (CertificateChecks, Option<SystemTime>) {
    let verdict = judged(chain, Against::File(trust));
    assert_eq!(verdict.trusted_by, None);
    (verdict.checks, verdict.verified_until)
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
    let renamed = below(&root, "Issuing", "PUBLIC CA, Inc.");
    assert_eq!(reason(&[&leaf(&renamed, with_issuer_url)], &trust), Some(Reason::TlsIncompleteChain));
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
fn a_private_ca_that_says_where_it_can_be_fetched_is_a_stranger_all_the_same() {
    let issuing = below(&root("Corp Root", "Corp"), "Corp Issuing", "Corp");
    let trust = trusting(&[root("Root", "Public CA").der()]);
    let (checks, _) = checked(&[&leaf(&issuing, with_issuer_url)], &trust);
    let failure = checks.failure().unwrap();
    assert_eq!(failure.reason, Reason::TlsUntrustedIssuer);
    assert!(failure.detail.contains("its issuer is at http://a.example/"), "{}", failure.detail);
}

#[test]
fn the_issuers_of_public_apis_are_known_without_their_intermediates() {
    for organization in ["Google Trust Services", "Let's Encrypt", "DigiCert Inc", "Amazon"] {
        let issuing = below(&root("Other Name", organization), "Issuing", organization);
        for own_host in [true, false] {
            let against = Against::Public { bundled: &MOZILLA, machine: None, own_host };
            let reason =
                judged(&[&leaf(&issuing, |_| {})], against).checks.failure().map(|failure| failure.reason);
            assert_eq!(reason, Some(Reason::TlsIncompleteChain), "{organization}");
        }
    }
}

#[test]
fn two_stores_are_asked_apart_and_the_machines_decides_only_where_the_bundled_one_does_not_know() {
    let (public, corporate) = (root("Root", "Public CA"), root("Corp Root", "Corp"));
    let bundled = trusting(&[public.der()]);
    let with_corporate = trusting(&[public.der(), corporate.der()]);
    let issuing = below(&corporate, "Corp Issuing", "Corp");
    let key = KeyPair::generate().unwrap();
    let own_leaf = ca("api.example", "Example", 30).self_signed(&key).unwrap();
    let genuine = leaf(&public, |_| {});
    let intercepted = leaf(&issuing, |_| {});
    let chain = [&intercepted, issuing.der()];
    let impostor = leaf(&root("Root", "Public CA"), |_| {});
    let client_only = leaf(&public, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let hanging = leaf(&below(&public, "Issuing", "Public CA"), |_| {});
    let machines = leaf(&below(&corporate, "Unsent", "Corp"), |_| {});
    let (none, without, with) = (None, Some(&bundled), Some(&with_corporate));
    // The chain, the machine's store, what each store says, and the reason for any host and for the provider's own.
    type Case<'a> =
        (&'a [&'a CertificateDer<'static>], Option<&'a Trust>, (bool, Option<bool>), [Option<Reason>; 2]);
    use Reason as R;
    let cases: [Case<'_>; 12] = [
        (&[&genuine], none, (true, None), [None, None]),
        (&[&genuine], with, (true, Some(true)), [None, None]),
        (&chain, none, (false, None), [Some(R::TlsUntrustedIssuer), Some(R::TlsIntercepted)]),
        (&chain, without, (false, Some(false)), [Some(R::TlsUntrustedIssuer), Some(R::TlsIntercepted)]),
        (&chain, with, (false, Some(true)), [None, None]),
        (
            &[&intercepted],
            without,
            (false, Some(false)),
            [Some(R::TlsUntrustedIssuer), Some(R::TlsIntercepted)],
        ),
        (&[own_leaf.der()], none, (false, None), [Some(R::TlsSelfSigned), Some(R::TlsIntercepted)]),
        (&[&impostor], none, (false, None), [Some(R::TlsUntrustedIssuer), Some(R::TlsIntercepted)]),
        (&[&client_only], none, (false, None), [Some(R::TlsUntrustedIssuer); 2]),
        (&[&hanging], without, (false, Some(false)), [Some(R::TlsIncompleteChain); 2]),
        // The machine knows this issuer, but no public host has a certificate of it.
        (&[&machines], with, (false, Some(false)), [Some(R::TlsIncompleteChain), Some(R::TlsIntercepted)]),
        (&[&genuine], Some(&trusting(&[corporate.der()])), (true, Some(false)), [None, None]),
    ];
    for (at, (chain, machine, (mozilla, own), reasons)) in cases.into_iter().enumerate() {
        for (own_host, expected) in [false, true].into_iter().zip(reasons) {
            let verdict = judged(chain, Against::Public { bundled: &bundled, machine, own_host });
            let failure = verdict.checks.failure();
            assert_eq!(failure.map(|failure| failure.reason), expected, "{at} {own_host}: {failure:?}");
            assert_eq!(verdict.trusted_by, Some(TrustedBy { mozilla, machine: own }), "{at}");
            assert_eq!(verdict.verified_until.is_some(), expected.is_none(), "{at}");
        }
    }
    let own = Against::Public { bundled: &bundled, machine: without, own_host: true };
    let words = judged(&chain, own).checks.failure().unwrap().detail.clone();
    assert_eq!(
        words,
        "api.example has a certificate of a public issuer, and what came is signed by CN=Corp Issuing,O=Corp (top of the \
         chain: CN=Corp Root,O=Corp), whom neither the bundled Mozilla roots nor this machine's store know: something on \
         the way intercepts TLS"
    );
}

#[test]
fn an_interceptors_certificate_that_the_machine_trusts_still_has_dates_and_a_name() {
    let corporate = root("Corp Root", "Corp");
    let bundled = trusting(&[root("Root", "Public CA").der()]);
    let machine = trusting(&[corporate.der()]);
    let against = Against::Public { bundled: &bundled, machine: Some(&machine), own_host: true };
    let old = leaf(&corporate, |params| {
        params.not_before = (clock::wall() - DAY * 3).into();
        params.not_after = (clock::wall() - DAY).into();
    });
    let elsewhere = leaf(&corporate, |params| params.subject_alt_names.clear());
    for (leaf, expected) in [(old, Reason::TlsCertExpired), (elsewhere, Reason::TlsNameMismatch)] {
        let verdict = judged(&[&leaf], against);
        assert_eq!(verdict.checks.failure().map(|failure| failure.reason), Some(expected));
        assert_eq!(verdict.trusted_by, Some(TrustedBy { mozilla: false, machine: Some(true) }));
        assert_eq!(verdict.verified_until, None);
    }
}
