//! The canary's own certificate, ready to be shown.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::sign::CertifiedKey;

use super::facts;
use super::setup::{PROVIDER, SetupError};
use crate::target::ClientCertificate;

/// A certificate whose key fits.
#[derive(Debug)]
pub(super) struct Shown {
    certified: Arc<CertifiedKey>,
    /// Whose it is, as facts write names.
    pub(super) subject: Arc<str>,
}

impl Shown {
    /// Puts certificate and key together.
    pub(super) fn try_new(configured: &ClientCertificate) -> Result<Self, SetupError> {
        let ClientCertificate { cert_path, key_path, chain, key } = configured;
        let trouble = |reason| SetupError::ClientCertificate {
            cert_path: cert_path.clone(),
            key_path: key_path.clone(),
            reason,
        };
        let facts = facts::of_chain(chain.iter());
        let subject = match facts.leaf() {
            Some(leaf) if facts.unreadable == 0 => Arc::from(leaf.subject.as_str()),
            _ => return Err(trouble("the certificate cannot be read".to_owned())),
        };
        // What is wrong with a key is told in the library's words, and these never hold a part of it.
        let certified =
            CertifiedKey::from_der(chain.clone(), key.clone_key(), &PROVIDER).map_err(|error| {
                trouble(match error {
                    rustls::Error::InconsistentKeys(_) => "the key is not the certificate's".to_owned(),
                    other => other.to_string(),
                })
            })?;
        Ok(Self { certified: Arc::new(certified), subject })
    }

    /// What to show to a server that takes signatures of these schemes; none where the key can make none of them.
    pub(super) fn fitting(&self, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.certified.key.choose_scheme(schemes).map(|_| Arc::clone(&self.certified))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;

    fn configured(key: Vec<u8>, chain: Vec<Vec<u8>>) -> ClientCertificate {
        ClientCertificate {
            cert_path: "/c.pem".to_owned(),
            key_path: "/k.pem".to_owned(),
            chain: chain.into_iter().map(Into::into).collect(),
            key: Arc::new(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key))),
        }
    }

    #[test]
    fn a_key_that_does_not_fit_is_told_with_both_files_and_without_the_key() {
        let made = || rcgen::generate_simple_self_signed(["canary.example".to_owned()]).unwrap();
        let (own, other) = (made(), made());
        let chain = vec![own.cert.der().to_vec()];
        let fine = Shown::try_new(&configured(own.signing_key.serialize_der(), chain.clone())).unwrap();
        assert_eq!(fine.subject.as_ref(), "CN=rcgen self signed cert");
        assert!(fine.fitting(&[SignatureScheme::ECDSA_NISTP256_SHA256]).is_some());
        assert!(fine.fitting(&[SignatureScheme::RSA_PSS_SHA256]).is_none());
        for (key, chain, why) in [
            (other.signing_key.serialize_der(), chain.clone(), "the key is not the certificate's"),
            (b"hunter2-hunter2".to_vec(), chain, "key"),
            (own.signing_key.serialize_der(), vec![b"nonsense".to_vec()], "the certificate cannot be read"),
        ] {
            let words = Shown::try_new(&configured(key, chain)).unwrap_err().to_string();
            assert!(words.contains("/c.pem") && words.contains("/k.pem") && words.contains(why), "{words}");
            assert!(!words.contains("hunter2"), "{words}");
        }
    }
}
