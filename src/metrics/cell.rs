//! The series of one owner, in place: written without formatting anything but the labels that vary.
//!
//! Promises: at most one cell per family and label block; cells stay sorted by both, so that output needs no sorting;
//! what is unknown has no cell, and a family that the profile does not have costs a look at a table.

use std::ops::Range;

use super::catalogue::{Family, Kind, Scope};
use super::histogram::{Exemplar, Histogram};
use super::label;
use crate::config::Profile;

/// The state of one series, or of one histogram.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Gauge(f64),
    Counter(u64),
    /// A counter of what has fractions.
    Amount(f64),
    Histogram(Box<Histogram>),
}

impl Value {
    fn new(family: Family) -> Self {
        match family.kind() {
            Kind::Gauge => Self::Gauge(0.0),
            Kind::Counter => Self::Counter(0),
            Kind::Histogram => Self::Histogram(Box::new(Histogram::new(family.bounds()))),
        }
    }
}

/// One series, or one histogram.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) family: Family,
    /// The labels after the owner's, rendered; may be empty.
    pub(super) block: Box<str>,
    pub(super) value: Value,
}

/// The cells of one owner.
///
/// The values given to its functions are those of [`Family::own_labels`], in order.
#[derive(Debug)]
pub struct Cells {
    scope: Scope,
    profile: Profile,
    cells: Vec<Cell>,
    /// Where the block of a cell that is looked for is put together.
    sought: String,
}

impl Cells {
    pub(super) fn new(scope: Scope, profile: Profile) -> Self {
        Self { scope, profile, cells: Vec::new(), sought: String::new() }
    }

    /// The profile they are of.
    pub(super) fn profile(&self) -> Profile {
        self.profile
    }

    /// Makes them those of a profile: what it does not have goes, what it has besides comes when it is written.
    pub(super) fn set_profile(&mut self, profile: Profile) {
        if self.profile != profile {
            self.profile = profile;
            self.cells.retain(|cell| cell.family.is_in(profile));
            self.cells.shrink_to_fit();
        }
    }

    /// Whether there is such a family: what is not wanted need not be put together.
    #[must_use]
    pub fn wants(&self, family: Family) -> bool {
        family.is_in(self.profile)
    }

    /// Sets a gauge.
    pub fn set(&mut self, family: Family, labels: &[&str], value: f64) {
        debug_assert_eq!(family.kind(), Kind::Gauge, "{}", family.name());
        if let Some(cell) = self.entry(family, labels) {
            cell.value = Value::Gauge(value);
        }
    }

    /// Sets a gauge where there is a value, and removes it where there is none.
    pub fn put(&mut self, family: Family, labels: &[&str], value: Option<f64>) {
        match value {
            Some(value) => self.set(family, labels, value),
            None => self.remove(family, labels),
        }
    }

    /// Sets a gauge that is not there yet; one that is stays as it is.
    pub fn set_once(&mut self, family: Family, labels: &[&str], value: f64) {
        if self.wants(family) && self.find_labels(family, labels).is_err() {
            self.set(family, labels, value);
        }
    }

    /// Makes these labels the only ones of an information series, whose value is always 1; none where there are none.
    pub fn inform(&mut self, family: Family, labels: Option<&[&str]>) {
        match labels {
            Some(labels) => self.inform_under(family, labels, 0),
            None => self.clear(family),
        }
    }

    /// Like [`Self::inform`], but only among the series that have the same first `key` labels.
    pub fn inform_under(&mut self, family: Family, labels: &[&str], key: usize) {
        if !self.wants(family) {
            return;
        }
        self.seek(family, labels.get(..key).unwrap_or_default());
        let under = self.under(family);
        // As a rule nothing has changed.
        let found = self.find_labels(family, labels);
        if found.is_ok() && under.len() == 1 {
            return;
        }
        self.cells.drain(under);
        self.set(family, labels, 1.0);
    }

    /// Adds to a counter; adding 0 creates it.
    pub fn add(&mut self, family: Family, labels: &[&str], more: u64) {
        debug_assert_eq!(family.kind(), Kind::Counter, "{}", family.name());
        if let Some(Cell { value: Value::Counter(count), .. }) = self.entry(family, labels) {
            *count += more;
        }
    }

    /// Adds a positive amount to a counter of what has fractions.
    pub fn add_amount(&mut self, family: Family, labels: &[&str], more: f64) {
        debug_assert_eq!(family.kind(), Kind::Counter, "{}", family.name());
        let Some(Cell { value, .. }) = self.entry(family, labels) else { return };
        match value {
            Value::Amount(amount) => *amount += more,
            Value::Counter(_) | Value::Gauge(_) | Value::Histogram(_) => *value = Value::Amount(more),
        }
    }

    /// Observes a value in a histogram.
    pub fn observe(&mut self, family: Family, labels: &[&str], value: f64, exemplar: Option<Exemplar>) {
        debug_assert_eq!(family.kind(), Kind::Histogram, "{}", family.name());
        if let Some(Cell { value: Value::Histogram(histogram), .. }) = self.entry(family, labels) {
            histogram.observe(value, exemplar);
        }
    }

    /// Removes one series, if it is there.
    pub fn remove(&mut self, family: Family, labels: &[&str]) {
        if !self.wants(family) {
            return;
        }
        if let Ok(at) = self.find_labels(family, labels) {
            self.cells.remove(at);
        }
    }

    /// Removes every series of a family.
    pub fn clear(&mut self, family: Family) {
        self.clear_under(family, &[]);
    }

    /// Removes every series of a family that has these first labels.
    pub fn clear_under(&mut self, family: Family, labels: &[&str]) {
        if !self.wants(family) {
            return;
        }
        self.seek(family, labels);
        let under = self.under(family);
        self.cells.drain(under);
    }

    /// Keeps of a family only the series that start with one of these blocks of first labels.
    pub(super) fn keep_under(&mut self, family: Family, blocks: &[String]) {
        self.seek(family, &[]);
        let mut at = self.under(family);
        let kept = |cell: &Cell| blocks.iter().any(|block| cell.block.starts_with(block));
        while let Some(cell) = self.cells.get(at.start).filter(|_| !at.is_empty()) {
            if kept(cell) {
                at.start += 1;
            } else {
                self.cells.remove(at.start);
                at.end -= 1;
            }
        }
    }

    /// The value of a gauge, if it is there.
    #[must_use]
    pub fn gauge(&self, family: Family, labels: &[&str]) -> Option<f64> {
        let at = self.find(family, &label::block(family.own_labels(), labels)).ok()?;
        match self.cells.get(at)?.value {
            Value::Gauge(value) => Some(value),
            Value::Counter(_) | Value::Amount(_) | Value::Histogram(_) => None,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter()
    }

    fn find(&self, family: Family, block: &str) -> Result<usize, usize> {
        self.cells.binary_search_by(|cell| cell.family.cmp(&family).then_with(|| (*cell.block).cmp(block)))
    }

    /// Puts the block of some labels together.
    fn seek(&mut self, family: Family, labels: &[&str]) {
        self.sought.clear();
        label::append(&mut self.sought, family.own_labels(), labels);
    }

    /// Where the cells of a family are whose block starts with what is sought: they stand together.
    fn under(&self, family: Family) -> Range<usize> {
        let (Ok(from) | Err(from)) = self.find(family, &self.sought);
        // What is sought ends with a closing quote, after which a value cannot continue: whole labels are compared.
        let fits = |cell: &&Cell| cell.family == family && cell.block.starts_with(&self.sought);
        from..from + self.cells.iter().skip(from).take_while(fits).count()
    }

    fn find_labels(&mut self, family: Family, labels: &[&str]) -> Result<usize, usize> {
        self.seek(family, labels);
        self.find(family, &self.sought)
    }

    /// The cell of some labels, made where there is none; `None` where the profile does not have the family.
    fn entry(&mut self, family: Family, labels: &[&str]) -> Option<&mut Cell> {
        debug_assert_eq!(family.scope(), self.scope, "{} belongs elsewhere", family.name());
        debug_assert_eq!(family.own_labels().len(), labels.len(), "{} has other labels", family.name());
        if !self.wants(family) {
            return None;
        }
        let at = match self.find_labels(family, labels) {
            Ok(at) => at,
            Err(at) => {
                let cell = Cell { family, block: self.sought.as_str().into(), value: Value::new(family) };
                self.cells.insert(at, cell);
                at
            }
        };
        self.cells.get_mut(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(cells: &Cells, family: Family) -> Vec<&str> {
        cells.iter().filter(|cell| cell.family == family).map(|cell| &*cell.block).collect()
    }

    #[test]
    fn an_information_series_is_replaced_not_accumulated() {
        let mut cells = Cells::new(Scope::Path, Profile::Full);
        cells.inform(Family::ProbeTlsVersion, Some(&["TLS 1.2"]));
        cells.inform(Family::ProbeTlsVersion, Some(&["TLS 1.3"]));
        assert_eq!(blocks(&cells, Family::ProbeTlsVersion), [r#"version="TLS 1.3""#]);
        cells.inform(Family::ProbeTlsVersion, None);
        assert!(cells.iter().next().is_none());
    }

    #[test]
    fn replacing_under_a_key_leaves_the_other_keys() {
        let mut cells = Cells::new(Scope::Target, Profile::Full);
        let family = Family::DnsResponseCode;
        cells.inform_under(family, &["system", "A", "NOERROR"], 2);
        cells.inform_under(family, &["system2", "A", "NOERROR"], 2);
        cells.inform_under(family, &["system", "A", "SERVFAIL"], 2);
        assert_eq!(
            blocks(&cells, family),
            [
                r#"resolver="system",record_type="A",rcode="SERVFAIL""#,
                r#"resolver="system2",record_type="A",rcode="NOERROR""#,
            ]
        );
        cells.clear_under(family, &["system", "A"]);
        assert_eq!(blocks(&cells, family), [r#"resolver="system2",record_type="A",rcode="NOERROR""#]);
    }

    #[test]
    fn what_has_no_value_has_no_cell() {
        let mut cells = Cells::new(Scope::Path, Profile::Full);
        cells.put(Family::ProbeTcpRtt, &[], Some(0.01));
        assert_eq!(cells.gauge(Family::ProbeTcpRtt, &[]), Some(0.01));
        cells.put(Family::ProbeTcpRtt, &[], None);
        assert_eq!(cells.gauge(Family::ProbeTcpRtt, &[]), None);
    }

    #[test]
    fn cells_are_sorted_by_family_then_labels() {
        let mut cells = Cells::new(Scope::Path, Profile::Full);
        for layer in ["tls", "api", "dns"] {
            cells.add(Family::ProbeLayerFailures, &[layer], 0);
            cells.set(Family::ProbeLayerSuccess, &[layer], 1.0);
        }
        cells.add(Family::ProbeRuns, &[], 1);
        assert!(cells.iter().is_sorted_by_key(|cell| (cell.family, cell.block.clone())));
    }

    #[test]
    fn what_a_profile_does_not_have_goes_and_what_it_has_keeps_its_value() {
        let mut cells = Cells::new(Scope::Path, Profile::Full);
        let fill = |cells: &mut Cells| {
            cells.add(Family::ProbeRuns, &[], 1);
            cells.set(Family::ProbeIpProtocol, &[], 4.0);
            cells.observe(Family::ProbeLayerDuration, &["tcp"], 0.1, None);
            cells.inform(Family::ProbeTlsVersion, Some(&["TLS 1.3"]));
        };
        let families = |cells: &Cells| cells.iter().map(|cell| cell.family).collect::<Vec<_>>();
        fill(&mut cells);
        assert_eq!(families(&cells).len(), 4);
        cells.set_profile(Profile::Lean);
        assert_eq!(families(&cells), [Family::ProbeRuns]);
        fill(&mut cells);
        assert_eq!(families(&cells), [Family::ProbeRuns]);
        cells.set_profile(Profile::Full);
        fill(&mut cells);
        assert_eq!(families(&cells).len(), 4);
        assert!(cells.iter().any(|cell| matches!(cell.value, Value::Counter(3))));
    }
}
