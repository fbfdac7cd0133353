//! Chains as they were presented, known by their digest: what one says is read once and held once, however many targets
//! see it, as those of a fleet that share a host do.
//!
//! Promises: nothing is kept of a chain that nobody holds; that a chain was seen says nothing of whether it verified.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use rustls::pki_types::CertificateDer;

use super::facts;
use crate::outcome::ChainFacts;

/// The SHA-256 of a chain: the same only for the same certificates in the same order, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; SHA256_OUTPUT_LEN]);

/// What the chains say that somebody holds.
static SEEN: LazyLock<Mutex<HashMap<Digest, Weak<ChainFacts>>>> = LazyLock::new(Mutex::default);

/// Chains that nobody holds any more are looked for when there are twice as many as after the last time; not before so many.
const FEW: usize = 64;

impl Digest {
    /// The digest of a chain, leaf first.
    pub(super) fn of<'a>(chain: impl Iterator<Item = &'a CertificateDer<'a>>) -> Self {
        let mut context = Context::new(&SHA256);
        for der in chain {
            // Where one ends and the next begins is part of it.
            context.update(&der.len().to_be_bytes());
            context.update(der);
        }
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }
}

/// What this chain says.
pub(super) fn facts<'a>(
    digest: Digest,
    chain: impl Iterator<Item = &'a CertificateDer<'a>>,
) -> Arc<ChainFacts> {
    if let Some(facts) = lock().get(&digest).and_then(Weak::upgrade) {
        return facts;
    }
    // Without the lock: others need not wait for it.
    let facts = Arc::new(facts::of_chain(chain));
    let mut seen = lock();
    if seen.len() >= FEW && seen.len() == seen.capacity() {
        seen.retain(|_, facts| facts.strong_count() > 0);
    }
    seen.insert(digest, Arc::downgrade(&facts));
    facts
}

fn lock() -> std::sync::MutexGuard<'static, HashMap<Digest, Weak<ChainFacts>>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(parts: &[&[u8]]) -> Vec<CertificateDer<'static>> {
        parts.iter().map(|part| CertificateDer::from(part.to_vec())).collect()
    }

    #[test]
    fn a_digest_is_of_the_certificates_their_order_and_their_bounds() {
        let of = |parts: &[&[u8]]| Digest::of(chain(parts).iter());
        let one = of(&[b"ab", b"c"]);
        assert_eq!(one, of(&[b"ab", b"c"]));
        for other in [&[&b"a"[..], b"bc"][..], &[b"c", b"ab"], &[b"abc"], &[b"ab"], &[b"ab", b"c", b""], &[]]
        {
            assert_ne!(one, of(other), "{other:?}");
        }
    }

    #[test]
    fn what_a_chain_says_is_held_once_and_let_go_of() {
        let of = |name: &str| {
            let chain = chain(&[name.as_bytes()]);
            facts(Digest::of(chain.iter()), chain.iter())
        };
        let held = of("held");
        assert_eq!(held.unreadable, 1);
        assert!(Arc::ptr_eq(&held, &of("held")));
        for number in 0..10_000 {
            of(&format!("gone {number}"));
        }
        assert!(Arc::ptr_eq(&held, &of("held")));
        assert!(lock().len() < 5_000, "{}", lock().len());
    }
}
