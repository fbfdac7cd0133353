//! Which verdict was told where which was expected.

use std::collections::BTreeMap;
use std::fmt;

/// How often each verdict was told for each one that was expected.
#[derive(Debug, Default)]
pub(super) struct Confusion {
    told: BTreeMap<(String, String), usize>,
    right: usize,
    all: usize,
}

impl Confusion {
    /// Counts a scenario; `right` is whether all of it was, and not only the verdict.
    pub(super) fn count(&mut self, expected: &str, told: &str, right: bool) {
        *self.told.entry((expected.to_owned(), told.to_owned())).or_default() += 1;
        self.right += usize::from(right);
        self.all += 1;
    }
}

/// One line for each pair that was met: a whole matrix of all reasons would be empty but for its diagonal.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<26}{:<26}{:>9}", "expected", "told", "scenarios")?;
        for ((expected, told), count) in &self.told {
            let mark = if expected == told { "" } else { "  <- wrong" };
            writeln!(f, "{expected:<26}{told:<26}{count:>9}{mark}")?;
        }
        write!(f, "{} of {} scenarios told right", self.right, self.all)
    }
}

#[test]
fn a_confusion_table_has_a_line_for_each_pair_and_a_sum() {
    let mut confusion = Confusion::default();
    confusion.count("tls_reset", "tls_reset", true);
    confusion.count("tls_reset", "tls_sni_filtered", false);
    confusion.count("tls_reset", "tls_reset", true);
    // The right verdict with the wrong blame.
    confusion.count("offline", "offline", false);
    let lines: Vec<String> = confusion.to_string().lines().map(str::to_owned).collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&lines[0]), ["expected", "told", "scenarios"]);
    assert_eq!(words(&lines[1]), ["offline", "offline", "1"]);
    assert_eq!(words(&lines[2]), ["tls_reset", "tls_reset", "2"]);
    assert_eq!(words(&lines[3]), ["tls_reset", "tls_sni_filtered", "1", "<-", "wrong"]);
    assert_eq!(lines[4], "2 of 4 scenarios told right");
    assert!(lines[..4].iter().all(|line| line.len() <= 80), "{lines:?}");
}
