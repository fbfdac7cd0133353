//! The last chain that verified for a target, so that the same chain with the same staple need not be
//! verified again within minutes.
//!
//! Bounded by the chain's own dates: the entry never outlives the first certificate that expires, and a clock set
//! back empties it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::seen::Digest;
use super::verifier::Record;

/// How long a verified chain is taken as verified.
const KEPT: Duration = Duration::from_secs(300);

/// One target's last verified chain.
#[derive(Debug, Default)]
pub(super) struct LastVerified(Mutex<Option<Entry>>);

#[derive(Debug)]
struct Entry {
    chain: Digest,
    /// The stapled OCSP response, empty where none came: it may say tomorrow what it does not say today.
    staple: Vec<u8>,
    from: SystemTime,
    until: SystemTime,
    record: Arc<Record>,
}

impl Entry {
    fn holds(&self, now: SystemTime) -> bool {
        (self.from..self.until).contains(&now)
    }
}

impl LastVerified {
    /// Whether a chain that verified is remembered, so that nothing will be judged if it comes again.
    pub(super) fn holds(&self, now: SystemTime) -> bool {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().is_some_and(|entry| entry.holds(now))
    }

    /// The record of a chain that verified lately and is the same byte for byte.
    pub(super) fn get(&self, chain: Digest, staple: &[u8], now: SystemTime) -> Option<Arc<Record>> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = guard.as_ref()?;
        let same = entry.chain == chain && entry.staple == staple;
        (same && entry.holds(now)).then(|| Arc::clone(&entry.record))
    }

    /// Remembers a chain that verified at `now`.
    pub(super) fn put(&self, chain: Digest, staple: &[u8], record: &Arc<Record>, now: SystemTime) {
        let until = record.verified_until.map_or(now, |end| end.min(now + KEPT));
        let entry = Entry { chain, staple: staple.to_vec(), from: now, until, record: Arc::clone(record) };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry);
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::outcome::{CertificateChecks, ChainFacts, Check};

    #[test]
    fn an_entry_ends_with_its_time_its_dates_and_a_clock_set_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let second = Duration::from_secs(1);
        let chain = |parts: &[u8]| {
            let parts: Vec<_> = parts.iter().map(|part| CertificateDer::from(vec![*part])).collect();
            Digest::of(parts.iter())
        };
        let whole = chain(&[1, 2]);
        let record = |verified_until| {
            let checks = CertificateChecks {
                path: Check::Passed,
                revocation: Check::Passed,
                dates: Check::Passed,
                name: Check::Passed,
            };
            Arc::new(Record {
                facts: Arc::new(ChainFacts::default()),
                checks: Arc::new(checks),
                trusted_by: None,
                verified_until,
            })
        };
        let last = LastVerified::default();
        last.put(whole, b"", &record(Some(now + 10 * KEPT)), now);
        assert!(last.get(whole, b"", now).is_some());
        assert!(last.get(whole, b"", now + KEPT - second).is_some());
        assert!(last.get(whole, b"", now + KEPT).is_none());
        assert!(last.get(whole, b"", now - second).is_none());
        assert!(last.get(chain(&[1]), b"", now).is_none());
        assert!(last.get(chain(&[9, 2]), b"", now).is_none());
        assert!(last.get(whole, b"new", now).is_none(), "a staple may revoke what verified without it");
        assert!(last.holds(now) && !last.holds(now + KEPT));
        last.put(whole, b"", &record(Some(now + 5 * second)), now);
        assert!(last.get(whole, b"", now + 5 * second).is_none(), "never beyond the chain's own dates");
        last.put(whole, b"", &record(None), now);
        assert!(last.get(whole, b"", now).is_none());
    }
}
