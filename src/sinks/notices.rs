//! When something is begun or ceased to be said about a target as a whole: pure, so that the log has one line for each.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::outcome::{Finding, Reason};

/// What is being said, by endpoint.
type Said = BTreeSet<(Arc<str>, Reason)>;

/// What is being said about every target.
#[derive(Debug, Default)]
pub(super) struct Notices(HashMap<Arc<str>, Said>);

/// What changed with a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Said from now on; the first finding of each reason.
    pub(super) began: Vec<(Arc<str>, Finding)>,
    /// Said no more.
    pub(super) ended: Vec<(Arc<str>, Reason)>,
}

impl Notices {
    /// Notes what a run says about a target.
    pub(super) fn note(&mut self, target: &Arc<str>, findings: &[(Arc<str>, Finding)]) -> Changes {
        if findings.is_empty() && !self.0.contains_key(target) {
            return Changes::default();
        }
        let before = self.0.remove(target).unwrap_or_default();
        let mut now = Said::new();
        let mut changes = Changes::default();
        for (endpoint, finding) in findings {
            let key = (Arc::clone(endpoint), finding.0.reason);
            if now.insert(key.clone()) && !before.contains(&key) {
                changes.began.push((Arc::clone(endpoint), finding.clone()));
            }
        }
        changes.ended = before.into_iter().filter(|key| !now.contains(key)).collect();
        if !now.is_empty() {
            self.0.insert(Arc::clone(target), now);
        }
        changes
    }

    pub(super) fn forget(&mut self, target: &str) {
        self.0.remove(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_notice_is_told_when_it_begins_and_when_it_ends() {
        let mut notices = Notices::default();
        let (target, endpoint): (Arc<str>, Arc<str>) = ("t".into(), "https://t/".into());
        let found = |reason| (Arc::clone(&endpoint), Finding::new(reason, "words"));
        let (down, broken) = (Reason::DnsResolverDown, Reason::Ipv6Broken);
        assert_eq!(notices.note(&target, &[]), Changes::default());
        let twice = [found(down), found(down), found(broken)];
        let began: Vec<_> =
            notices.note(&target, &twice).began.into_iter().map(|(_, f)| f.0.reason).collect();
        assert_eq!(began, [down, broken]);
        assert_eq!(notices.note(&target, &twice), Changes::default(), "still the same");
        let changes = notices.note(&target, &[found(broken)]);
        assert_eq!((changes.began.len(), changes.ended), (0, vec![(Arc::clone(&endpoint), down)]));
        notices.forget("t");
        assert_eq!(notices.note(&target, &[found(broken)]).began.len(), 1);
    }
}
