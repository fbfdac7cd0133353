//! What was written is read back, or the store is set aside; whatever the file holds, nothing panics.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::diagnosis::{Language, Verdict};
use crate::document::JourneyPart;
use crate::history::tests::{BEGIN, journey, note, told};
use crate::history::{Archive, ArchiveError, History, Saved, Turn, Wanted};
use crate::outcome::{Family, Outcome, Reason};

/// What a page shows of a target.
type Shown = (Vec<JourneyPart>, Vec<(Way, Vec<super::super::Slot>)>, Vec<Turn>);

/// Nothing is too old here, whatever the clock says.
fn limits() -> Limits {
    let ages = Duration::from_secs(3_000_000_000);
    Limits { age: ages, failure_age: ages, timeline: ages, ..Limits::default() }
}

fn shown(history: &History, target: &str) -> Shown {
    let failed = Wanted { failed: true, ..Wanted::default() };
    let slots = |timeline: super::super::Timeline| timeline.slots().copied().collect();
    let timelines = history.timelines(target).into_iter().map(|(way, timeline)| (way, slots(timeline)));
    (history.journeys(target, failed, Language::English), timelines.collect(), history.turns(target))
}

/// A history with something of everything.
fn history() -> History {
    let history = History::new(limits());
    for second in 0..30 {
        for target in ["a", "b"] {
            note(&history, journey(target, Family::Ipv4, second * 600, second % 3 > 0));
            note(&history, journey(target, Family::Ipv6, second * 600, true));
        }
    }
    told(&history, "a", Verdict::Down(Reason::TlsIntercepted), 0);
    told(&history, "a", Verdict::Degraded(Reason::TcpTimeout), 1);
    told(&history, "b", Verdict::Ok, 2);
    history
}

fn archive(directory: &Path) -> Archive {
    Archive::new(Some(directory.to_owned()))
}

/// Reads what is written in a directory.
fn read(directory: &Path) -> (History, Saved) {
    let history = History::new(limits());
    let saved = archive(directory).save(&history);
    (history, saved)
}

fn written(directory: &Path) -> PathBuf {
    let saved = archive(directory).save(&history());
    assert!(saved.result.is_ok() && saved.set_aside.is_none(), "{saved:?}");
    directory.join("history.db")
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Whether a history has everything of [`history`], or nothing.
fn whole(found: &History) -> Option<bool> {
    let targets = ["a", "b"];
    let empty = targets.iter().all(|target| shown(found, target) == Shown::default());
    let all = targets.iter().all(|target| shown(found, target) == shown(&history(), target));
    if all { Some(true) } else { empty.then_some(false) }
}

#[test]
fn a_restart_shows_what_was_before() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let (found, saved) = read(dir.path());
    assert!(saved.result.is_ok() && saved.set_aside.is_none(), "{saved:?}");
    let before = history();
    assert_eq!(shown(&found, "a").0.len(), 10);
    for target in ["a", "b"] {
        assert_eq!(shown(&found, target), shown(&before, target));
    }
    assert_eq!(names(dir.path()), ["history.db"]);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(dir.path().join("history.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_changes_is_written_and_what_is_gone_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(Limits { failures: 4, ..limits() });
    let mut archive = archive(dir.path());
    for second in 0..30 {
        for target in ["a", "b"] {
            note(&history, journey(target, Family::Ipv4, second, second % 2 == 0));
        }
        told(
            &history,
            "b",
            if second % 2 == 0 { Verdict::Ok } else { Verdict::Down(Reason::Offline) },
            second,
        );
        assert!(archive.save(&history).result.is_ok());
    }
    history.keep(&[]);
    note(&history, journey("a", Family::Ipv4, 60, false));
    assert!(archive.save(&history).result.is_ok());
    drop(archive);
    let store = Connection::open(dir.path().join("history.db")).unwrap();
    let count = |table: &str| -> i64 {
        store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(["ways", "slots", "journeys", "turns"].map(count), [1, 1, 1, 0]);
}

#[test]
fn the_file_holds_no_more_failures_than_the_memory() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::new(Limits { failures: 4, ..limits() });
    let mut archive = archive(dir.path());
    for second in 0..40 {
        note(&history, journey("a", Family::Ipv4, second, false));
        assert!(archive.save(&history).result.is_ok());
    }
    drop(archive);
    let (found, _) = read(dir.path());
    assert_eq!(shown(&found, "a"), shown(&history, "a"));
    let size = fs::metadata(dir.path().join("history.db")).unwrap().len();
    assert!(size < 80 * 1024, "{size}");
}

#[test]
fn a_second_canary_waits_for_its_turn_and_then_takes_over() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (history(), History::new(limits()));
    let (mut one, mut other) = (archive(dir.path()), archive(dir.path()));
    assert!(one.save(&first).result.is_ok());
    note(&second, journey("a", Family::Ipv4, 40 * 600, false));
    for _ in 0..3 {
        let saved = other.save(&second);
        assert!(matches!(saved.result, Err(ArchiveError::InUse { .. })), "{saved:?}");
        assert!(saved.set_aside.is_none());
    }
    note(&first, journey("a", Family::Ipv4, 41 * 600, false));
    assert!(one.save(&first).result.is_ok());
    drop(one);
    let saved = other.save(&second);
    assert!(saved.result.is_ok(), "{saved:?}");
    let parts = shown(&second, "a").0;
    assert_eq!(parts.len(), 12, "its own, and what the other one saw before and after");
    assert!(parts.is_sorted_by(|a, b| a.started >= b.started));
    drop(other);
    let (third, _) = read(dir.path());
    assert_eq!(shown(&third, "a"), shown(&second, "a"));
}

#[test]
fn an_archive_that_comes_back_takes_nothing_in_twice() {
    let dir = tempfile::tempdir().unwrap();
    let history = history();
    assert!(archive(dir.path()).save(&history).result.is_ok());
    let before = shown(&history, "a");
    // As with `persist` off and on again.
    assert!(archive(dir.path()).save(&history).result.is_ok());
    assert!(shown(&history, "a") == before, "nothing is there twice");
    fs::remove_file(dir.path().join("history.db")).unwrap();
    note(&history, journey("a", Family::Ipv4, 600, false));
    assert!(archive(dir.path()).save(&history).result.is_ok());
    assert_eq!(shown(&read(dir.path()).0, "a"), shown(&history, "a"), "all of it is written where it went");
}

#[test]
fn what_is_no_store_is_set_aside_and_only_the_last_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let other = |sql: &'static str| {
        move |path: &Path| {
            let store = Connection::open(path).unwrap();
            store.execute_batch(sql).unwrap();
        }
    };
    type Make = Box<dyn Fn(&Path)>;
    let cases: [(&str, Make); 9] = [
        ("garbage", Box::new(|path| fs::write(path, "garbage ".repeat(10_000)).unwrap())),
        ("short", Box::new(|path| fs::write(path, "SQLite format 3\0").unwrap())),
        ("a directory", Box::new(|path| fs::create_dir(path).unwrap())),
        ("of another program", Box::new(other("CREATE TABLE mine (a)"))),
        (
            "a newer layout",
            Box::new(|path| {
                written(path.parent().unwrap());
                Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
            }),
        ),
        (
            "without a table",
            Box::new(|path| {
                written(path.parent().unwrap());
                Connection::open(path).unwrap().execute_batch("DROP TABLE journeys").unwrap();
            }),
        ),
        (
            "a changed value",
            Box::new(|path| {
                written(path.parent().unwrap());
                Connection::open(path)
                    .unwrap()
                    .execute_batch("UPDATE slots SET runs = runs + 1 WHERE way = 1")
                    .unwrap();
            }),
        ),
        (
            "a changed journey",
            Box::new(|path| {
                written(path.parent().unwrap());
                let sql = "UPDATE journeys SET json = replace(json, '529', '530')";
                Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }),
        ),
        (
            "a changed name",
            Box::new(|path| {
                written(path.parent().unwrap());
                Connection::open(path)
                    .unwrap()
                    .execute_batch("UPDATE ways SET target = 'c' WHERE id = 1")
                    .unwrap();
            }),
        ),
    ];
    for (name, make) in cases {
        make(&path);
        let before = fs::read(&path).ok();
        let mine = history();
        let saved = archive(dir.path()).save(&mine);
        assert!(saved.result.is_ok(), "{name}: {saved:?}");
        let aside = saved.set_aside.unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!(
            fs::read(&aside.path).ok().map(|now| now.len()),
            before.map(|before| before.len()),
            "{name}"
        );
        let found = names(dir.path());
        assert!(found.len() == 2 && found[1].starts_with("history.db.corrupt-2"), "{name}: {found:?}");
        let (again, saved) = read(dir.path());
        assert!(
            saved.set_aside.is_none() && whole(&again) == Some(true),
            "{name}: what is known is in the new one"
        );
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_place_that_cannot_be_used_is_told_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let history = history();
    let mut in_file = archive(&file.join("state"));
    let saved = in_file.save(&history);
    let Err(error @ ArchiveError::Directory { .. }) = saved.result else { panic!("{saved:?}") };
    assert!(error.to_string().contains("make it writable, or give another --state.directory"), "{error}");
    let saved = Archive::new(None).save(&history);
    assert!(matches!(saved.result, Err(ArchiveError::NoDirectory)));
    fs::remove_file(&file).unwrap();
    assert!(in_file.save(&history).result.is_ok(), "as soon as it can be used it is");
    drop(in_file);
    let (found, _) = read(&file.join("state"));
    assert_eq!(whole(&found), Some(true), "with all that was not written before");
}

#[test]
fn a_file_that_may_not_grow_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("history.db"), Size(64 * 1024)).unwrap();
    let history = History::new(limits());
    let mut full = None;
    for target in 0..200 {
        note(&history, journey(&target.to_string(), Family::Ipv4, target, false));
        if let Err(error) = store.write(&history.unsaved(SystemTime::UNIX_EPOCH)) {
            full = Some(error);
            break;
        }
    }
    let Some(StoreError::Unusable(problem)) = full else { panic!("{full:?}") };
    assert!(problem.contains("full"), "{problem}");
    assert!(fs::metadata(dir.path().join("history.db")).unwrap().len() <= 128 * 1024);
    assert!(!store.read(limits()).unwrap().ways.is_empty(), "what was written before stays");
}

#[test]
fn what_a_crash_leaves_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut open = archive(dir.path());
    assert!(open.save(&history()).result.is_ok());
    let after = tempfile::tempdir().unwrap();
    let wal = fs::read(dir.path().join("history.db-wal")).unwrap();
    let base = fs::read(dir.path().join("history.db")).unwrap();
    assert!(!wal.is_empty());
    // The power may go while the last frames are written.
    for length in (0..=wal.len()).rev().step_by(1999) {
        fs::write(after.path().join("history.db"), &base).unwrap();
        fs::write(after.path().join("history.db-wal"), &wal[..length]).unwrap();
        let (found, saved) = read(after.path());
        assert!(saved.result.is_ok() && saved.set_aside.is_none(), "{length}: {saved:?}");
        assert_eq!(whole(&found), Some(length == wal.len()), "{length} of {}", wal.len());
        fs::remove_file(after.path().join("history.db")).unwrap();
    }
}

#[test]
fn a_store_cut_anywhere_is_whole_or_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let whole_file = fs::read(written(dir.path())).unwrap();
    for length in (1..whole_file.len()).step_by(509) {
        fs::write(dir.path().join("history.db"), &whole_file[..length]).unwrap();
        let (found, saved) = read(dir.path());
        assert!(saved.result.is_ok() && saved.set_aside.is_some(), "{length}: {saved:?}");
        assert_eq!(whole(&found), Some(false), "{length}");
    }
    fs::write(dir.path().join("history.db"), "").unwrap();
    assert!(read(dir.path()).1.set_aside.is_none(), "an empty file is a new one");
}

#[test]
fn a_store_that_could_only_be_read_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(written(dir.path())).unwrap();
    bytes[18] ^= 1 << 2;
    fs::write(dir.path().join("history.db"), bytes).unwrap();
    let (found, saved) = read(dir.path());
    assert!(saved.result.is_ok() && saved.set_aside.is_some(), "{saved:?}");
    assert_eq!(whole(&found), Some(false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_store_with_bits_flipped_is_whole_or_set_aside(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..6), head: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        for (index, bit) in flips {
            // Most of what tells SQLite how to read is at the beginning.
            let end = if head { 4096.min(bytes.len()) } else { bytes.len() };
            bytes[index.index(end)] ^= 1 << bit;
        }
        fs::write(&path, bytes).unwrap();
        let (found, saved) = read(dir.path());
        prop_assert!(saved.result.is_ok(), "{:?}", saved);
        prop_assert_eq!(whole(&found), Some(saved.set_aside.is_none()));
        let (again, saved) = read(dir.path());
        prop_assert!(saved.result.is_ok() && saved.set_aside.is_none(), "{:?}", saved);
        prop_assert_eq!(whole(&again), whole(&found));
    }

    #[test]
    fn whatever_is_in_the_file_is_set_aside(bytes in proptest::collection::vec(any::<u8>(), 1..9000), magic: bool) {
        let dir = tempfile::tempdir().unwrap();
        let mut text = if magic { b"SQLite format 3\0".to_vec() } else { Vec::new() };
        text.extend(bytes);
        fs::write(dir.path().join("history.db"), text).unwrap();
        let (found, saved) = read(dir.path());
        prop_assert!(saved.result.is_ok() && saved.set_aside.is_some(), "{:?}", saved);
        prop_assert_eq!(whole(&found), Some(false));
    }

    #[test]
    fn every_journey_is_read_back(outcome in crate::outcome::sample::any_outcome()) {
        let dir = tempfile::tempdir().unwrap();
        let before = History::new(limits());
        let started = SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN);
        let target = outcome.path.target.to_string();
        note(&before, Outcome { started, ..outcome });
        prop_assert!(archive(dir.path()).save(&before).result.is_ok());
        let (found, _) = read(dir.path());
        let (mut parts, slots, turns) = shown(&before, &target);
        // Numbers are as near as JSON takes them.
        parts = serde_json::from_str(&serde_json::to_string(&parts).unwrap()).unwrap();
        prop_assert_eq!(shown(&found, &target), (parts, slots, turns));
    }
}
