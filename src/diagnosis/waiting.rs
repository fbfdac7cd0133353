//! Who waits for a round of experiments while there is no room for one.
//!
//! Promises: pure; whoever has had fewer rounds about its trouble goes first; of those, troubles that look different take
//! turns, so that one that is alone is not behind thousands that fail alike; within those, whoever came first. So each
//! has its turn.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Signature;

/// Those who wait.
#[derive(Debug, Default)]
pub struct Waiting {
    order: BTreeMap<Place, Arc<str>>,
    places: HashMap<Arc<str>, (Signature, Place)>,
    lines: HashMap<Signature, Line>,
    came: u64,
}

/// Who is before whom: rounds so far, turn of the trouble, order of coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rounds: usize,
    turn: u64,
    came: u64,
}

/// Those of one trouble who wait.
#[derive(Debug, Default)]
struct Line {
    last: u64,
    length: usize,
}

impl Waiting {
    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// A target waits with a trouble about which it has had so many rounds; it keeps its place if it did already.
    pub fn wait(&mut self, target: &Arc<str>, signature: &Signature, rounds: usize) {
        if self.places.get(target).is_some_and(|(known, place)| known == signature && place.rounds == rounds)
        {
            return;
        }
        self.leave(target);
        let line = self.lines.entry(signature.clone()).or_default();
        line.last += 1;
        line.length += 1;
        self.came += 1;
        let place = Place { rounds, turn: line.last, came: self.came };
        self.order.insert(place, Arc::clone(target));
        self.places.insert(Arc::clone(target), (signature.clone(), place));
    }

    /// The one whose turn it is; it waits no more.
    pub fn call(&mut self) -> Option<Arc<str>> {
        let (_, target) = self.order.first_key_value()?;
        let target = Arc::clone(target);
        self.leave(&target);
        Some(target)
    }

    /// A target waits no more.
    pub fn leave(&mut self, target: &str) {
        let Some((signature, place)) = self.places.remove(target) else { return };
        self.order.remove(&place);
        if let Some(line) = self.lines.get_mut(&signature) {
            line.length -= 1;
            if line.length == 0 {
                self.lines.remove(&signature);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Verdict;
    use crate::outcome::Reason;

    fn signature(reason: Reason) -> Signature {
        Signature { verdict: Verdict::Down(reason), route: "direct".into() }
    }

    fn called(waiting: &mut Waiting) -> Vec<String> {
        std::iter::from_fn(|| waiting.call()).map(|name| name.to_string()).collect()
    }

    #[test]
    fn who_had_fewer_rounds_goes_first_and_a_trouble_that_is_alone_is_not_behind_many() {
        let mut waiting = Waiting::default();
        let (silent, reset) = (signature(Reason::TcpTimeout), signature(Reason::TlsReset));
        for name in ["again", "a", "b", "c"] {
            waiting.wait(&name.into(), &silent, usize::from(name == "again"));
        }
        waiting.wait(&"other".into(), &reset, 0);
        waiting.wait(&"a".into(), &silent, 0);
        waiting.leave("nobody");
        waiting.leave("b");
        assert_eq!(called(&mut waiting), ["other", "a", "c", "again"]);
        assert!(waiting.is_empty() && waiting.lines.is_empty() && waiting.places.is_empty());
    }

    #[test]
    fn each_has_its_turn_while_others_keep_coming() {
        let mut waiting = Waiting::default();
        let silent = signature(Reason::TcpTimeout);
        for name in 0..100 {
            waiting.wait(&format!("old{name}").into(), &silent, 0);
        }
        let mut old = 0;
        for name in 0..100 {
            waiting.wait(&format!("new{name}").into(), &silent, 0);
            old += usize::from(waiting.call().unwrap().starts_with("old"));
        }
        assert_eq!(old, 100);
    }

    #[test]
    fn a_trouble_that_becomes_another_one_waits_anew() {
        let mut waiting = Waiting::default();
        let (silent, reset) = (signature(Reason::TcpTimeout), signature(Reason::TlsReset));
        waiting.wait(&"a".into(), &silent, 0);
        waiting.wait(&"b".into(), &silent, 0);
        waiting.wait(&"a".into(), &reset, 1);
        assert_eq!(called(&mut waiting), ["b", "a"]);
    }
}
