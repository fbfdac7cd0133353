//! Stores of roots: what a certificate can lead to, and who is known to own a root.
//!
//! Promises: names are compared as [`CertFacts`](crate::outcome::CertFacts) writes them; a store is made once and only
//! read after that.

use std::sync::{Arc, LazyLock};

use rustls::RootCertStore;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Name};

use super::facts;
use super::machine::MachineStore;
use super::setup::PROVIDER;

/// One store of roots.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) roots: RootCertStore,
    /// The subjects of the roots, sorted.
    subjects: Vec<String>,
    /// The organizations that own a root, as [`plain`] writes them, sorted.
    owners: Vec<String>,
    /// Certificates that are trusted as they stand, such as a gateway's self-signed one.
    pub(super) pinned: Arc<[CertificateDer<'static>]>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// The stores of a target.
#[derive(Debug)]
pub(super) enum Stores {
    /// The bundled Mozilla roots and, where they do not hold, the machine's own store.
    Public {
        machine: Arc<MachineStore>,
        /// Whether the host is the provider's own, whose certificate is one of a public issuer.
        own_host: bool,
    },
    /// The bundled Mozilla roots, and no others.
    Bundled,
    /// One file's certificates, and no others.
    File(Arc<Trust>),
}

/// The bundled Mozilla roots, read once for all targets.
pub(super) static MOZILLA: LazyLock<Trust> = LazyLock::new(|| {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Trust::new(roots, Arc::default())
});

/// Organizations that issue in their own name below roots of others, as [`plain`] writes both. An organization that is
/// missing here only has its incomplete chains called untrusted.
const BELOW_OTHERS: &[(&str, &[&str])] = &[
    ("apple", &["digicert", "sectigo", "the usertrust network"]),
    ("cloudflare", &["ssl", "digicert"]),
    ("cpanel", &["sectigo", "comodo ca"]),
    ("entrust", &["sectigo", "ssl"]),
    ("gandi", &["sectigo", "the usertrust network"]),
    ("geant vereniging", &["sectigo", "the usertrust network"]),
    ("internet2", &["sectigo", "the usertrust network"]),
    ("let s encrypt", &["internet security research group"]),
    ("zerossl", &["sectigo", "the usertrust network"]),
];

/// Words at the end of a name that tell only the form of a company: issuers write them now so, now so.
const FORMS: &[&str] = &[
    "a",
    "ab",
    "ag",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "kft",
    "limited",
    "llc",
    "ltd",
    "nv",
    "oyj",
    "p",
    "plc",
    "s",
    "sa",
    "sas",
    "spa",
];

impl Trust {
    /// A store of these roots; `pinned` are trusted as they stand.
    pub(super) fn new(roots: RootCertStore, pinned: Arc<[CertificateDer<'static>]>) -> Self {
        // A trust anchor's subject is the content of its DER sequence, without the header.
        let subject = |anchor: &[u8]| {
            let der = sequence(anchor);
            X509Name::from_der(&der).ok().map(|(_, subject)| facts::name(&subject))
        };
        let mut subjects: Vec<_> = roots.roots.iter().filter_map(|root| subject(&root.subject)).collect();
        subjects.sort_unstable();
        let mut owners: Vec<_> =
            subjects.iter().filter_map(|subject| organization(subject)).map(plain).collect();
        owners.sort_unstable();
        owners.dedup();
        Self { roots, subjects, owners, pinned, algorithms: PROVIDER.signature_verification_algorithms }
    }

    /// Whether a root of this name is in the store.
    pub(super) fn has_root(&self, subject: &str) -> bool {
        self.subjects.binary_search_by(|known| known.as_str().cmp(subject)).is_ok()
    }

    /// Whether the organization in a name owns a root of the store, or is known to issue below one of it.
    pub(super) fn knows_organization_of(&self, name: &str) -> bool {
        let Some(issuing) = organization(name).map(plain) else { return false };
        let owns = |owner: &str| self.owners.binary_search_by(|known| known.as_str().cmp(owner)).is_ok();
        owns(&issuing)
            || BELOW_OTHERS
                .iter()
                .any(|(name, above)| *name == issuing && above.iter().any(|owner| owns(owner)))
    }
}

/// The organization in a name written as `…,O=name,…`, with its escapes.
fn organization(name: &str) -> Option<&str> {
    let start = if name.starts_with("O=") { 2 } else { name.find(",O=")? + 3 };
    let rest = name.get(start..)?;
    let mut escaped = false;
    let end = rest.find(|c| {
        let ends = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    rest.get(..end.unwrap_or(rest.len()))
}

/// An organization without what issuers write differently from one certificate to the next: case, punctuation, the
/// form of the company.
fn plain(organization: &str) -> String {
    let lower = organization.to_lowercase();
    let mut words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

/// DER of a SEQUENCE with this content.
fn sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![0x30];
    match significant.as_slice() {
        [] => der.push(0),
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_are_known_by_their_names() {
        assert!(MOZILLA.has_root("CN=ISRG Root X1,O=Internet Security Research Group,C=US"));
        assert!(MOZILLA.has_root("CN=GTS Root R1,O=Google Trust Services LLC,C=US"));
        assert!(!MOZILLA.has_root("CN=GTS Root R1"));
    }

    #[test]
    fn organizations_are_found_in_names() {
        for (name, expected) in [
            ("CN=WE1,O=Google Trust Services,C=US", Some("Google Trust Services")),
            ("O=Internet Security Research Group,C=US", Some("Internet Security Research Group")),
            ("CN=x,O=Ex\\, Inc.,L=Berlin,C=DE", Some("Ex\\, Inc.")),
            ("CN=x,O=Last", Some("Last")),
            ("CN=x,OU=Sub,C=DE", None),
            ("CN=x", None),
        ] {
            assert_eq!(organization(name), expected, "{name}");
        }
    }

    #[test]
    fn public_issuers_are_known_however_they_write_their_name() {
        for (name, known) in [
            ("CN=WE1,O=Google Trust Services,C=US", true),
            ("CN=R11,O=Let's Encrypt,C=US", true),
            ("CN=ZeroSSL ECC Domain Secure Site CA,O=ZeroSSL,C=AT", true),
            ("CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert\\, Inc.,C=US", true),
            ("CN=Amazon RSA 2048 M02,O=Amazon,C=US", true),
            ("CN=Go Daddy Secure,OU=http://certs.godaddy.com/repository/,O=GoDaddy.com\\, Inc.,C=US", true),
            ("CN=Zscaler Intermediate Root CA (zscaler.net),O=Zscaler Inc.,C=US", false),
            ("CN=Corp Issuing,O=Corp", false),
            ("CN=WE1", false),
            ("CN=x,O=Inc.", false),
        ] {
            assert_eq!(MOZILLA.knows_organization_of(name), known, "{name}");
        }
        let own = Trust::new(RootCertStore::empty(), Arc::default());
        assert!(!own.knows_organization_of("CN=R11,O=Let's Encrypt,C=US"), "its root is not in this store");
    }

    #[test]
    fn every_owner_that_is_issued_below_is_in_the_bundled_roots() {
        for (issuing, above) in BELOW_OTHERS {
            assert!(
                above.iter().any(|owner| MOZILLA.owners.iter().any(|known| known == owner)),
                "{issuing}: {above:?} are not among {:?}",
                MOZILLA.owners
            );
            assert_eq!(plain(issuing), *issuing);
        }
    }
}
