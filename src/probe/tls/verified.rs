//! The last chain that verified for a target, so that the same chain need not be verified again within minutes.
//!
//! Bounded by the chain's own dates: the entry never outlives the first certificate that expires, and a clock set
//! back empties it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;

use super::verifier::Record;

/// How long a verified chain is taken as verified.
const KEPT: Duration = Duration::from_secs(300);

/// One target's last verified chain.
#[derive(Debug, Default)]
pub(super) struct LastVerified(Mutex<Option<Entry>>);

#[derive(Debug)]
struct Entry {
    chain: Vec<CertificateDer<'static>>,
    from: SystemTime,
    until: SystemTime,
    record: Arc<Record>,
}

impl LastVerified {
    /// The record of a chain that verified lately and is the same byte for byte.
    pub(super) fn get(
        &self,
        leaf: &[u8],
        rest: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Option<Arc<Record>> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = guard.as_ref()?;
        let (known_leaf, known_rest) = entry.chain.split_first()?;
        let same = known_leaf.as_ref() == leaf
            && known_rest.len() == rest.len()
            && known_rest.iter().zip(rest).all(|(known, given)| known.as_ref() == given.as_ref());
        (same && (entry.from..entry.until).contains(&now)).then(|| Arc::clone(&entry.record))
    }

    /// Remembers a chain that verified at `now`.
    pub(super) fn put(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        record: &Arc<Record>,
        now: SystemTime,
    ) {
        let until = record.verified_until.map_or(now, |end| end.min(now + KEPT));
        let chain = std::iter::once(leaf).chain(rest).map(|der| der.clone().into_owned()).collect();
        let entry = Entry { chain, from: now, until, record: Arc::clone(record) };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{CertificateChecks, ChainFacts, Check};

    #[test]
    fn an_entry_ends_with_its_time_its_dates_and_a_clock_set_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let second = Duration::from_secs(1);
        let leaf = CertificateDer::from(vec![1]);
        let rest = [CertificateDer::from(vec![2])];
        let record = |verified_until| {
            let checks = CertificateChecks { path: Check::Passed, dates: Check::Passed, name: Check::Passed };
            Arc::new(Record {
                facts: Arc::new(ChainFacts::default()),
                checks: Arc::new(checks),
                verified_until,
            })
        };
        let last = LastVerified::default();
        last.put(&leaf, &rest, &record(Some(now + 10 * KEPT)), now);
        assert!(last.get(&leaf, &rest, now).is_some());
        assert!(last.get(&leaf, &rest, now + KEPT - second).is_some());
        assert!(last.get(&leaf, &rest, now + KEPT).is_none());
        assert!(last.get(&leaf, &rest, now - second).is_none());
        assert!(last.get(&leaf, &[], now).is_none());
        assert!(last.get(&[9], &rest, now).is_none());
        last.put(&leaf, &rest, &record(Some(now + 5 * second)), now);
        assert!(last.get(&leaf, &rest, now + 5 * second).is_none(), "never beyond the chain's own dates");
        last.put(&leaf, &rest, &record(None), now);
        assert!(last.get(&leaf, &rest, now).is_none());
    }
}
