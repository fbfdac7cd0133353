//! Whole handshakes with rustls as the peer, over a pipe.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::machine::MachineStore;
use super::setup::PROVIDER;
use super::trust::{Stores, Trust};
use super::*;
use crate::target::{ClientCertificate, Host, MinTls, Roots, TlsOptions};

const NAME: &str = "api.example";

type Ca = CertifiedIssuer<'static, KeyPair>;

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn authority(common_name: &str) -> Ca {
    let mut params = named(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A leaf, and its key in PKCS#8.
fn leaf(issuer: &Ca, common_name: &str) -> (CertificateDer<'static>, Vec<u8>) {
    let mut params = named(common_name);
    params.subject_alt_names = vec![SanType::DnsName(NAME.try_into().unwrap())];
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, issuer).unwrap().der().clone(), key.serialize_der())
}

fn store(roots: &[&Ca]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    roots.iter().for_each(|root| store.add(root.der().clone()).unwrap());
    store
}

fn key(der: Vec<u8>) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der))
}

fn options(client: Option<(CertificateDer<'static>, Vec<u8>)>) -> TlsOptions {
    TlsOptions {
        roots: Roots::Public,
        server_name: None,
        min_version: MinTls::V12,
        refuses_older: false,
        client_cert: client.map(|(certificate, der)| ClientCertificate {
            cert_path: "c.pem".to_owned(),
            key_path: "k.pem".to_owned(),
            chain: vec![certificate],
            key: Arc::new(key(der)),
        }),
        expiry_warning: Duration::ZERO,
    }
}

/// A setup that trusts the bundled roots and a machine's store; how often that is read is counted.
fn public(options: &TlsOptions, machine: &Ca, own_host: bool) -> (TlsSetup, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (counts, root) = (Arc::clone(&count), machine.der().clone());
    let machine = MachineStore::new(move || {
        counts.fetch_add(1, Ordering::SeqCst);
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).unwrap();
        Some(Trust::new(roots, Arc::default()))
    });
    let stores = Stores::Public { machine, own_host };
    let host = Host::Name(NAME.to_owned());
    (TlsSetup::with_stores(options, &[b"http/1.1"], &host, stores).unwrap(), count)
}

/// A server with this certificate; it demands one of this authority if there is one.
fn server(
    (certificate, der): (CertificateDer<'static>, Vec<u8>),
    client: Option<&Ca>,
    version: &'static SupportedProtocolVersion,
) -> TlsAcceptor {
    let builder = ServerConfig::builder_with_provider(Arc::clone(&PROVIDER));
    let builder = builder.with_protocol_versions(&[version]).unwrap();
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = Arc::new(store(&[ca]));
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&PROVIDER));
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key(der)).unwrap()))
}

/// One handshake with a server that then says hello and reads to the end.
async fn meet(setup: &TlsSetup, acceptor: &TlsAcceptor) -> Secured<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let acceptor = acceptor.clone();
    tokio::spawn(async move {
        if let Ok(mut stream) = acceptor.accept(theirs).await {
            let _ = stream.write_all(b"hello").await;
            let _ = stream.flush().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    handshake(ours, &Arrivals::default(), setup, Deadline::after(Instant::now(), Duration::from_secs(30)))
        .await
}

/// What the server says on a connection that was handed on.
async fn heard(secured: &mut Secured<DuplexStream>) -> Result<String, String> {
    let mut hello = [0; 5];
    let stream = secured.stream.as_mut().unwrap();
    stream.read_exact(&mut hello).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&hello).into_owned())
}

#[tokio::test]
async fn what_only_the_machine_trusts_is_handed_on_and_told() {
    let corporate = authority("Corp Root");
    let (setup, _) = public(&options(None), &corporate, true);
    let mut secured = meet(&setup, &server(leaf(&corporate, NAME), None, &version::TLS13)).await;
    let evidence = secured.stage.evidence().unwrap();
    assert_eq!(evidence.trusted_by, Some(TrustedBy { mozilla: false, machine: Some(true) }));
    assert!(evidence.verified_until.is_some());
    let [finding] = secured.findings.as_slice() else { panic!("{:?}", secured.findings) };
    assert_eq!(finding.0.reason, Reason::TlsInterceptedTrusted);
    assert!(finding.0.detail.contains("api.example is signed by CN=Corp Root: "), "{}", finding.0.detail);
    assert_eq!(heard(&mut secured).await.as_deref(), Ok("hello"));
}

#[tokio::test]
async fn what_nobody_trusts_is_not_handed_on_and_is_an_interception_of_the_providers_own_host() {
    let (corporate, stranger) = (authority("Corp Root"), authority("Stranger"));
    for (own_host, reason) in [(true, Reason::TlsIntercepted), (false, Reason::TlsUntrustedIssuer)] {
        let (setup, _) = public(&options(None), &corporate, own_host);
        let secured = meet(&setup, &server(leaf(&stranger, NAME), None, &version::TLS13)).await;
        let failure = secured.stage.failure().unwrap();
        assert_eq!(failure.reason, reason, "{}", failure.detail);
        let trusted_by = secured.stage.evidence().unwrap().trusted_by;
        assert_eq!(trusted_by, Some(TrustedBy { mozilla: false, machine: Some(false) }));
        assert!(secured.stream.is_none() && secured.findings.is_empty());
    }
}

#[tokio::test]
async fn the_machines_store_is_not_read_for_a_chain_that_verified_lately_but_for_another() {
    tokio::time::pause();
    let corporate = authority("Corp Root");
    let (setup, count) = public(&options(None), &corporate, true);
    let first = server(leaf(&corporate, NAME), None, &version::TLS13);
    let read = || count.load(Ordering::SeqCst);
    assert_eq!(read(), 0);
    for _ in 0..2 {
        assert!(meet(&setup, &first).await.stream.is_some());
        assert_eq!(read(), 1);
        // Long ago by the clock of timers: the store is due, and the chain still counts by the wall clock.
        tokio::time::advance(Duration::from_secs(400)).await;
    }
    assert!(meet(&setup, &first).await.stream.is_some());
    assert_eq!(read(), 1);
    // Nothing verified lately: a chain that fails is judged anew each time, and the store is asked when it is due.
    let stranger = server(leaf(&authority("Stranger"), NAME), None, &version::TLS13);
    let (fresh, count) = public(&options(None), &corporate, true);
    for _ in 0..3 {
        assert!(meet(&fresh, &stranger).await.stream.is_none());
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(400)).await;
    assert!(meet(&fresh, &stranger).await.stream.is_none());
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_client_certificate_is_sent_when_it_is_asked_for_and_accepted() {
    let (corporate, clients) = (authority("Corp Root"), authority("Clients"));
    for version in [&version::TLS12, &version::TLS13] {
        let (setup, _) = public(&options(Some(leaf(&clients, "canary"))), &corporate, false);
        for (demands, expected) in [(Some(&clients), Some("CN=canary")), (None, None)] {
            let acceptor = server(leaf(&corporate, NAME), demands, version);
            let mut secured = meet(&setup, &acceptor).await;
            let evidence = secured.stage.evidence().unwrap();
            assert_eq!(evidence.client_certificate_sent.as_deref(), expected);
            assert_eq!(evidence.client_certificate_requested, demands.is_some());
            assert_eq!(heard(&mut secured).await.as_deref(), Ok("hello"));
        }
    }
}

#[tokio::test]
async fn a_client_certificate_that_is_rejected_is_told_by_its_name() {
    let (corporate, clients) = (authority("Corp Root"), authority("Clients"));
    let stranger = leaf(&authority("Stranger"), "canary");
    let (setup, _) = public(&options(Some(stranger)), &corporate, false);
    let in_12 = meet(&setup, &server(leaf(&corporate, NAME), Some(&clients), &version::TLS12)).await;
    let failure = in_12.stage.failure().unwrap();
    assert_eq!(failure.reason, Reason::TlsClientCertRequired);
    assert!(failure.detail.contains("rejected the client certificate CN=canary"), "{}", failure.detail);
    // With TLS 1.3 the handshake is over for us before the server looks.
    let mut in_13 = meet(&setup, &server(leaf(&corporate, NAME), Some(&clients), &version::TLS13)).await;
    assert_eq!(in_13.stage.evidence().unwrap().client_certificate_sent.as_deref(), Some("CN=canary"));
    let error = heard(&mut in_13).await.unwrap_err();
    assert!(error.contains("received fatal alert"), "{error}");
    // Without one the words are others.
    let (setup, _) = public(&options(None), &corporate, false);
    let none = meet(&setup, &server(leaf(&corporate, NAME), Some(&clients), &version::TLS12)).await;
    let failure = none.stage.failure().unwrap();
    assert_eq!(failure.reason, Reason::TlsClientCertRequired);
    assert!(!failure.detail.contains("rejected"), "{}", failure.detail);
    assert_eq!(none.stage.evidence().unwrap().client_certificate_sent, None);
}

#[tokio::test]
async fn a_certificate_whose_server_staples_that_it_is_revoked_gets_no_request() {
    let ca = authority("Some CA");
    let (setup, _) = public(&options(None), &ca, false);
    let (certificate, der) = leaf(&ca, "leaf");
    let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
    let serial = parsed.raw_serial().to_vec();
    let stapling = |staple: Vec<u8>| {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&PROVIDER));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let chain = vec![certificate.clone()];
        let config = builder.with_single_cert_with_ocsp(chain, key(der.clone()), staple).unwrap();
        TlsAcceptor::from(Arc::new(config))
    };
    // What was fine a moment ago does not count: the staple is new.
    let secured = meet(&setup, &stapling(ocsp::tests::revoking(&[1, 2, 3]))).await;
    assert!(secured.stream.is_some(), "the answer is about another certificate");
    let secured = meet(&setup, &stapling(ocsp::tests::revoking(&serial))).await;
    assert_eq!(secured.stage.failure().unwrap().reason, Reason::TlsRevoked);
    assert!(secured.stream.is_none());
    let evidence = secured.stage.evidence().unwrap();
    assert!(evidence.checks.as_ref().unwrap().revocation.failure().is_some());
}
