//! A batch, written in one transaction.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::seal::{Part, seal};
use super::{StoreError, micros};
use crate::diagnosis::{Language, Verdict};
use crate::document::JourneyPart;
use crate::history::batch::{Batch, Changed, Forget};
use crate::history::shelf::Kept;
use crate::history::turns::MOST_TURNS;
use crate::history::{Slot, Turn, Way};
use crate::outcome::{Blame, Layer, Reason};

/// The numbers of paths.
type Numbers = HashMap<Way, i64>;

/// Writes all of it, or nothing.
pub(super) fn write(
    connection: &mut Connection,
    numbers: &mut Numbers,
    batch: &Batch,
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    // What goes first makes room.
    forget_old(&transaction, batch)?;
    if let Some((ways, targets)) = &batch.only {
        let ways: HashSet<&Way> = ways.iter().collect();
        forget_ways(&transaction, numbers, &ways)?;
        let targets: HashSet<&str> = targets.iter().map(|name| &**name).collect();
        forget_turns(&transaction, &targets)?;
    }
    for changed in &batch.ways {
        let (way, known) = number(&transaction, numbers, &changed.way)?;
        if changed.fresh && known {
            transaction.prepare_cached("DELETE FROM journeys WHERE way = ?1")?.execute([way])?;
            transaction.prepare_cached("DELETE FROM slots WHERE way = ?1")?.execute([way])?;
        }
        write_way(&transaction, way, changed)?;
    }
    for (target, turn) in &batch.turns {
        write_turn(&transaction, target, turn)?;
    }
    Ok(transaction.commit()?)
}

fn forget_old(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), StoreError> {
    let since = i64::try_from(batch.slots_since).unwrap_or(i64::MAX);
    transaction.prepare_cached("DELETE FROM slots WHERE at < ?1")?.execute([since])?;
    if let Some(since) = batch.turns_since {
        // What is told still stays, however long ago that began.
        let sql = "DELETE FROM turns WHERE at < ?1 AND EXISTS (SELECT 1 FROM turns AS next \
                   WHERE next.target = turns.target AND next.at > turns.at AND next.at < ?1)";
        transaction.prepare_cached(sql)?.execute([micros(since)])?;
    }
    Ok(())
}

fn forget_ways(
    transaction: &Transaction<'_>,
    numbers: &mut Numbers,
    kept: &HashSet<&Way>,
) -> Result<(), StoreError> {
    numbers.retain(|way, _| kept.contains(way));
    let known = |(endpoint, path): &&Way| {
        [endpoint, &*path.target, &*path.route, path.family.label()].map(str::to_owned)
    };
    let names: HashSet<[String; 4]> = kept.iter().map(known).collect();
    let mut statement = transaction.prepare("SELECT id, endpoint, target, route, family FROM ways")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let gone: i64 = row.get(0)?;
        if !names.contains(&[row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]) {
            transaction.prepare_cached("DELETE FROM ways WHERE id = ?1")?.execute([gone])?;
        }
    }
    transaction.execute("DELETE FROM journeys WHERE way NOT IN (SELECT id FROM ways)", [])?;
    transaction.execute("DELETE FROM slots WHERE way NOT IN (SELECT id FROM ways)", [])?;
    Ok(())
}

fn forget_turns(transaction: &Transaction<'_>, kept: &HashSet<&str>) -> Result<(), StoreError> {
    let mut statement = transaction.prepare("SELECT DISTINCT target FROM turns")?;
    let known: Result<Vec<String>, _> = statement.query_map([], |row| row.get(0))?.collect();
    for gone in known?.iter().filter(|target| !kept.contains(target.as_str())) {
        transaction.prepare_cached("DELETE FROM turns WHERE target = ?1")?.execute([gone])?;
    }
    Ok(())
}

/// The number of a path, and whether it has it already.
fn number(
    transaction: &Transaction<'_>,
    numbers: &mut Numbers,
    way: &Way,
) -> Result<(i64, bool), StoreError> {
    if let Some(number) = numbers.get(way) {
        return Ok((*number, true));
    }
    let (endpoint, path) = way;
    let (target, route, family) = (&*path.target, &*path.route, path.family.label());
    let known: Option<i64> = transaction
        .prepare_cached(
            "SELECT id FROM ways WHERE target = ?1 AND endpoint = ?2 AND route = ?3 AND family = ?4",
        )?
        .query_row(params![target, &**endpoint, route, family], |row| row.get(0))
        .optional()?;
    let number = match known {
        Some(number) => number,
        None => {
            let next = "SELECT coalesce(max(id), 0) + 1 FROM ways";
            let number: i64 = transaction.prepare_cached(next)?.query_row([], |row| row.get(0))?;
            let [a, b, c, d] = [target, &**endpoint, route, family].map(Part::Text);
            let sum = seal("ways", &[Part::Number(number), a, b, c, d]);
            transaction
                .prepare_cached("INSERT INTO ways VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![number, target, &**endpoint, route, family, sum])?;
            number
        }
    };
    numbers.insert(way.clone(), number);
    Ok((number, known.is_some()))
}

fn write_way(transaction: &Transaction<'_>, way: i64, changed: &Changed) -> Result<(), StoreError> {
    match changed.forget {
        Forget::Nothing => {}
        Forget::Before(oldest) => {
            let sql = "DELETE FROM journeys WHERE way = ?1 AND started < ?2";
            transaction.prepare_cached(sql)?.execute(params![way, micros(oldest)])?;
        }
        Forget::All => {
            transaction.prepare_cached("DELETE FROM journeys WHERE way = ?1")?.execute([way])?;
        }
    }
    for slot in &changed.slots {
        write_slot(transaction, way, slot)?;
    }
    for kept in &changed.failed {
        let (started, ok) = (micros(kept.started()), i64::from(kept.ok()));
        let told;
        let json = match kept {
            Kept::Walked(outcome) => {
                let part = JourneyPart::of(outcome, Language::English);
                told =
                    serde_json::to_string(&part).map_err(|error| StoreError::Unusable(error.to_string()))?;
                &*told
            }
            Kept::Before(before) => &*before.json,
        };
        let [a, b, c] = [way, started, ok].map(Part::Number);
        let sum = seal("journeys", &[a, b, c, Part::Text(json)]);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO journeys VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![way, started, ok, json, sum])?;
    }
    Ok(())
}

fn write_slot(transaction: &Transaction<'_>, way: i64, slot: &Slot) -> Result<(), StoreError> {
    let at = i64::try_from(slot.at).unwrap_or(i64::MAX);
    let (runs, failed) = (i64::from(slot.runs), i64::from(slot.failed));
    let layer = slot.trouble.map(|(layer, _)| layer.label());
    let reason = slot.trouble.map(|(_, reason)| reason.label());
    let degraded = slot.degraded.map(Reason::label);
    let (took, slowest) = (f64::from(slot.took), f64::from(slot.slowest));
    let [d, e, f, g] = [at, way, runs, failed].map(Part::Number);
    let [a, b, c] = [layer, reason, degraded].map(Part::Maybe);
    let sum = seal("slots", &[d, e, f, g, a, b, c, Part::Real(took), Part::Real(slowest)]);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO slots VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
        .execute(params![at, way, runs, failed, layer, reason, degraded, took, slowest, sum])?;
    Ok(())
}

fn write_turn(transaction: &Transaction<'_>, target: &str, turn: &Turn) -> Result<(), StoreError> {
    let at = micros(turn.at);
    let degraded = i64::from(matches!(turn.verdict, Verdict::Degraded(_)));
    let reason = turn.verdict.reason().map(Reason::label);
    let (layer, blame) = (turn.layer.map(Layer::label), turn.blame.map(Blame::label));
    let [a, b, c] = [reason, layer, blame].map(Part::Maybe);
    let sum = seal("turns", &[Part::Text(target), Part::Number(at), Part::Number(degraded), a, b, c]);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO turns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![target, at, degraded, reason, layer, blame, sum])?;
    let sql = "DELETE FROM turns WHERE target = ?1 AND at <= (SELECT at FROM turns WHERE target = ?1 \
               ORDER BY at DESC LIMIT 1 OFFSET ?2)";
    let most = i64::try_from(MOST_TURNS).unwrap_or(i64::MAX);
    transaction.prepare_cached(sql)?.execute(params![target, most])?;
    Ok(())
}
