//! What the tables hold, read back.
//!
//! Promises: what does not fit its checksum makes the store corrupt; what a newer or older program wrote in words that are
//! not known here is left out; no more is read than is kept.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::seal::{Part, seal};
use super::{StoreError, time};
use crate::diagnosis::Verdict;
use crate::document::{JourneyPart, Readable as _};
use crate::history::batch::{Rows, Stored};
use crate::history::shelf::Before;
use crate::history::{Limits, Slot, Turn, Way};
use crate::outcome::{Blame, Family, Layer, PathId, Reason};

/// The numbers of paths.
type Numbers = HashMap<Way, i64>;

/// All rows that are kept with these limits.
pub(super) fn read(connection: &Connection, limits: Limits) -> Result<(Rows, Numbers), StoreError> {
    let ways = ways(connection)?;
    let mut stored: HashMap<i64, Stored> = HashMap::new();
    for (number, way) in &ways {
        stored.insert(*number, Stored { way: way.clone(), slots: Vec::new(), failed: Vec::new() });
    }
    slots(connection, &mut stored, limits.memory.bytes() / size_of::<Slot>())?;
    journeys(connection, &mut stored, limits)?;
    let numbers = ways.into_iter().map(|(number, way)| (way, number)).collect();
    Ok((Rows { ways: stored.into_values().collect(), turns: turns(connection)? }, numbers))
}

fn ways(connection: &Connection) -> Result<Vec<(i64, Way)>, StoreError> {
    let mut statement = connection.prepare("SELECT id, target, endpoint, route, family, seal FROM ways")?;
    let mut rows = statement.query([])?;
    let mut ways = Vec::new();
    let mut names: HashMap<String, Arc<str>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let [target, endpoint, route, family] = [text(row, 1)?, text(row, 2)?, text(row, 3)?, text(row, 4)?];
        let parts = [&target, &endpoint, &route, &family].map(|text| Part::Text(text));
        let [a, b, c, d] = parts;
        sealed(row, 5, "ways", &[Part::Number(number), a, b, c, d])?;
        let Some(family) = Family::of_label(&family) else { continue };
        let mut shared =
            |name: String| Arc::clone(names.entry(name).or_insert_with_key(|name| Arc::from(name.as_str())));
        let path = PathId { target: shared(target), route: shared(route), family };
        ways.push((number, (shared(endpoint), path)));
    }
    Ok(ways)
}

fn slots(connection: &Connection, stored: &mut HashMap<i64, Stored>, most: usize) -> Result<(), StoreError> {
    let mut statement = connection.prepare(
        "SELECT at, way, runs, failed, layer, reason, degraded, took, slowest, seal FROM slots ORDER BY at DESC",
    )?;
    let mut rows = statement.query([])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        let [at, way, runs, failed]: [i64; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
        let [layer, reason, degraded] = [maybe(row, 4)?, maybe(row, 5)?, maybe(row, 6)?];
        let [took, slowest]: [f64; 2] = [row.get(7)?, row.get(8)?];
        let [a, b, c] = [&layer, &reason, &degraded].map(|text| Part::Maybe(text.as_deref()));
        let numbers = [at, way, runs, failed].map(Part::Number);
        let [d, e, f, g] = numbers;
        sealed(row, 9, "slots", &[d, e, f, g, a, b, c, Part::Real(took), Part::Real(slowest)])?;
        let Some(stored) = stored.get_mut(&way) else { continue };
        read += 1;
        if read > most {
            break;
        }
        let trouble = layer.as_deref().and_then(Layer::of_label);
        #[expect(clippy::cast_possible_truncation, reason = "they were written from these")]
        let [took, slowest] = [took as f32, slowest as f32];
        stored.slots.push(Slot {
            at: number(at)?,
            runs: number(runs)?,
            failed: number(failed)?,
            trouble: trouble.zip(reason.as_deref().and_then(Reason::of_label)),
            degraded: degraded.as_deref().and_then(Reason::of_label),
            took,
            slowest,
        });
    }
    stored.values_mut().for_each(|stored| stored.slots.reverse());
    Ok(())
}

fn journeys(
    connection: &Connection,
    stored: &mut HashMap<i64, Stored>,
    limits: Limits,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare("SELECT way, started, ok, json, seal FROM journeys ORDER BY way, started DESC")?;
    let mut rows = statement.query([])?;
    let mut left = limits.memory.bytes();
    while let Some(row) = rows.next()? {
        let [way, started, ok]: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        let json = text(row, 3)?;
        let [a, b, c] = [way, started, ok].map(Part::Number);
        sealed(row, 4, "journeys", &[a, b, c, Part::Text(&json)])?;
        let Some(stored) = stored.get_mut(&way).filter(|stored| stored.failed.len() < limits.failures) else {
            continue;
        };
        // Another program may have told it in another form.
        let known = serde_json::from_str::<JourneyPart>(&json).is_ok();
        let fits = left.checked_sub(json.len()).filter(|_| known);
        if let (Some(rest), Some(started)) = (fits, time(started)) {
            left = rest;
            stored.failed.push(Before { started, ok: ok != 0, json: json.into() });
        }
    }
    Ok(())
}

fn turns(connection: &Connection) -> Result<Vec<(Arc<str>, Turn)>, StoreError> {
    let mut statement = connection
        .prepare("SELECT target, at, degraded, reason, layer, blame, seal FROM turns ORDER BY target, at")?;
    let mut rows = statement.query([])?;
    let mut turns = Vec::new();
    while let Some(row) = rows.next()? {
        let target = text(row, 0)?;
        let [at, degraded]: [i64; 2] = [row.get(1)?, row.get(2)?];
        let [reason, layer, blame] = [maybe(row, 3)?, maybe(row, 4)?, maybe(row, 5)?];
        let [a, b, c] = [&reason, &layer, &blame].map(|text| Part::Maybe(text.as_deref()));
        sealed(row, 6, "turns", &[Part::Text(&target), Part::Number(at), Part::Number(degraded), a, b, c])?;
        let known = reason.as_deref().map(Reason::of_label);
        let verdict = match known {
            None => Verdict::Ok,
            Some(Some(reason)) if degraded != 0 => Verdict::Degraded(reason),
            Some(Some(reason)) => Verdict::Down(reason),
            Some(None) => continue,
        };
        let Some(at) = time(at) else { continue };
        let layer = layer.as_deref().and_then(Layer::of_label);
        let blame = blame.as_deref().and_then(Blame::of_label);
        turns.push((target.into(), Turn { at, verdict, layer, blame }));
    }
    Ok(turns)
}

fn text(row: &Row<'_>, column: usize) -> Result<String, StoreError> {
    Ok(row.get(column)?)
}

fn maybe(row: &Row<'_>, column: usize) -> Result<Option<String>, StoreError> {
    Ok(row.get(column)?)
}

fn number<T: TryFrom<i64>>(number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::Corrupt(format!("{number} is out of range")))
}

fn sealed(row: &Row<'_>, column: usize, table: &str, parts: &[Part<'_>]) -> Result<(), StoreError> {
    let sum: i64 = row.get(column)?;
    if sum == seal(table, parts) {
        return Ok(());
    }
    Err(StoreError::Corrupt(format!("a row of {table} is not what was written")))
}
