//! Which verdict was told where which was expected.

use std::collections::BTreeMap;
use std::fmt;

/// How often each verdict was told for each one that was expected.
#[derive(Debug, Default)]
pub(super) struct Confusion {
    told: BTreeMap<(String, String), usize>,
    layers: BTreeMap<usize, Layer>,
}

/// How often the troubles of a layer were told right.
#[derive(Debug, Default)]
struct Layer {
    name: String,
    right: usize,
    all: usize,
}

impl Confusion {
    /// Counts a scenario of a layer; `right` is whether all of it was, and not only the verdict.
    pub(super) fn count(&mut self, layer: &str, expected: &str, told: &str, right: bool) {
        *self.told.entry((expected.to_owned(), told.to_owned())).or_default() += 1;
        let order = ["dns", "tcp", "proxy", "tls", "api"];
        let place = order.iter().position(|known| *known == layer).unwrap_or(order.len());
        let of_layer = self.layers.entry(place).or_default();
        layer.clone_into(&mut of_layer.name);
        of_layer.right += usize::from(right);
        of_layer.all += 1;
    }
}

/// One line for each pair that was met, since a whole matrix of all reasons would be empty but for its diagonal; then one
/// for each layer, which the README quotes.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<26}{:<26}{:>9}", "expected", "told", "scenarios")?;
        for ((expected, told), count) in &self.told {
            let mark = if expected == told { "" } else { "  <- wrong" };
            writeln!(f, "{expected:<26}{told:<26}{count:>9}{mark}")?;
        }
        writeln!(f)?;
        for Layer { name, right, all } in self.layers.values() {
            writeln!(f, "{name:<6}{right:>4} of {all:>3}")?;
        }
        let sum = |of: fn(&Layer) -> usize| self.layers.values().map(of).sum::<usize>();
        write!(f, "{} of {} scenarios told right", sum(|layer| layer.right), sum(|layer| layer.all))
    }
}

#[test]
fn a_confusion_table_has_a_line_for_each_pair_and_a_sum() {
    let mut confusion = Confusion::default();
    confusion.count("tls", "tls_reset", "tls_reset", true);
    confusion.count("tls", "tls_reset", "tls_sni_filtered", false);
    confusion.count("tls", "tls_reset", "tls_reset", true);
    // The right verdict with the wrong blame.
    confusion.count("tcp", "offline", "offline", false);
    let lines: Vec<String> = confusion.to_string().lines().map(str::to_owned).collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&lines[0]), ["expected", "told", "scenarios"]);
    assert_eq!(words(&lines[1]), ["offline", "offline", "1"]);
    assert_eq!(words(&lines[2]), ["tls_reset", "tls_reset", "2"]);
    assert_eq!(words(&lines[3]), ["tls_reset", "tls_sni_filtered", "1", "<-", "wrong"]);
    assert_eq!(lines[4..], ["", "tcp      0 of   1", "tls      2 of   3", "2 of 4 scenarios told right"]);
    assert!(lines[..4].iter().all(|line| line.len() <= 80), "{lines:?}");
}
