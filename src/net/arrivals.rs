//! When what came over a connection came: told by the kernel's stamps, not by when we read it.
//!
//! Promises: an arrival lies between the one before it, or the question it may answer, and now, whatever the stamp and
//! the wall clock say; where the kernel gives no stamp, or the wall clock was set meanwhile, it is now; what waited for
//! us is summed up, and what waited at the same time is counted once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock;

/// By how much the two clocks may part between two reads: what more is, is a clock that was set. The wall clock may
/// also run a little faster or slower (by [`SLEW`]), to be brought right.
const STEP: Duration = Duration::from_millis(1);

/// One part in so many.
const SLEW: u32 = 500;

/// What is known of one connection's time.
#[derive(Debug)]
pub(super) struct Line {
    /// Nothing that is read from now on came before.
    floor: Instant,
    /// When the last of what was read came.
    last: Option<Instant>,
    /// When it was read.
    read_at: Instant,
    /// It has been waited for since.
    waited: bool,
    /// When the question was written, if it was.
    asked: Option<Instant>,
    /// How long what came waited for us: in all; before the last read; before the question.
    late: Duration,
    late_before_last: Duration,
    late_before_asking: Duration,
    /// Both clocks at the last read.
    clocks: (Instant, SystemTime),
}

impl Line {
    pub(super) fn new(now: Instant, wall: SystemTime) -> Self {
        Self {
            floor: now,
            last: None,
            read_at: now,
            waited: true,
            asked: None,
            late: Duration::ZERO,
            late_before_last: Duration::ZERO,
            late_before_asking: Duration::ZERO,
            clocks: (now, wall),
        }
    }

    /// The next that is written is a question.
    pub(super) fn ask(&mut self) {
        self.asked = None;
        self.late_before_asking = self.late;
    }

    /// Something is about to be written.
    pub(super) fn writes(&mut self) {
        if self.asked.is_none() {
            let now = Instant::now();
            self.asked = Some(now);
            self.floor = self.floor.max(now);
        }
    }

    /// Nothing was there to be read.
    pub(super) fn waits(&mut self) {
        self.waited = true;
    }

    /// Something was read just now; the kernel got it at the time of the stamp.
    pub(super) fn came(&mut self, stamp: Option<SystemTime>) {
        let wall = clock::wall();
        self.came_at(Instant::now(), wall, stamp);
    }

    fn came_at(&mut self, now: Instant, wall: SystemTime, stamp: Option<SystemTime>) {
        let steady = self.is_steady(now, wall);
        let waited = stamp.filter(|_| steady).and_then(|stamp| wall.duration_since(stamp).ok());
        let arrival = now.checked_sub(waited.unwrap_or_default()).unwrap_or(self.floor);
        let arrival = arrival.max(self.floor).min(now);
        self.late_before_last = self.late;
        self.late += now.saturating_duration_since(arrival.max(self.read_at));
        self.read_at = now;
        self.waited = false;
        self.arrived(arrival);
    }

    /// The end was read just now. It has no stamp: one that was not waited for came with what was read before.
    pub(super) fn ended(&mut self) {
        if self.waited {
            self.late_before_last = self.late;
            self.arrived(Instant::now());
        }
    }

    fn arrived(&mut self, at: Instant) {
        self.last = Some(at);
        self.floor = self.floor.max(at);
    }

    /// Whether the wall clock went on as time did since the last read.
    fn is_steady(&mut self, now: Instant, wall: SystemTime) -> bool {
        let (then, wall_then) = std::mem::replace(&mut self.clocks, (now, wall));
        let passed = now.saturating_duration_since(then);
        let by_wall = wall.duration_since(wall_then);
        by_wall.is_ok_and(|by_wall| by_wall.abs_diff(passed) <= STEP + passed / SLEW)
    }

    pub(super) fn asked(&self) -> Option<Instant> {
        self.asked
    }

    pub(super) fn last(&self) -> Option<Instant> {
        self.last
    }

    pub(super) fn late(&self) -> Duration {
        self.late
    }
}

/// The times of one connection, for whoever judges what it carries; clones are the same one.
///
/// The default knows nothing: what came came when it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Option<Arc<Mutex<Line>>>);

impl Arrivals {
    pub(super) fn begin() -> Self {
        Self(Some(Arc::new(Mutex::new(Line::new(Instant::now(), clock::wall())))))
    }

    pub(super) fn line(&self) -> Option<MutexGuard<'_, Line>> {
        self.0.as_ref().map(|line| line.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is written next is a question: when that happens is [`Self::asked`].
    pub fn ask(&self) {
        if let Some(mut line) = self.line() {
            line.ask();
        }
    }

    /// When the writing of the question began, if it did and is known.
    #[must_use]
    pub fn asked(&self) -> Option<Instant> {
        self.line().and_then(|line| line.asked())
    }

    /// When the last of what was read came; now, where that is not known.
    #[must_use]
    pub fn last(&self) -> Instant {
        self.line().and_then(|line| line.last()).unwrap_or_else(Instant::now)
    }

    /// How long in all what came waited for us.
    #[must_use]
    pub fn late(&self) -> Duration {
        self.line().map_or(Duration::ZERO, |line| line.late())
    }

    /// How long in all what came since the question waited for us.
    #[must_use]
    pub fn late_since_asking(&self) -> Duration {
        self.line().map_or(Duration::ZERO, |line| line.late - line.late_before_asking)
    }

    /// How much of the time from the question to the last that came may have been our own: what came before it waited
    /// for us so long.
    #[must_use]
    pub fn held_up(&self) -> Duration {
        self.line()
            .map_or(Duration::ZERO, |line| line.late_before_last.saturating_sub(line.late_before_asking))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    fn wall() -> SystemTime {
        SystemTime::UNIX_EPOCH + 1_000_000 * SECOND
    }

    #[test]
    fn what_waited_for_us_came_when_the_kernel_got_it() {
        let start = Instant::now();
        let mut line = Line::new(start, wall());
        line.came_at(start + ms(150), wall() + ms(150), Some(wall() + ms(50)));
        assert_eq!((line.last(), line.late()), (Some(start + ms(50)), ms(100)));
        line.came_at(start + ms(300), wall() + ms(300), None);
        assert_eq!((line.last(), line.late()), (Some(start + ms(300)), ms(100)), "no stamp, no waiting");
    }

    #[test]
    fn what_waits_at_the_same_time_is_counted_once() {
        let start = Instant::now();
        let mut line = Line::new(start, wall());
        for stamp in [50, 60] {
            line.came_at(start + ms(150), wall() + ms(150), Some(wall() + ms(stamp)));
        }
        assert_eq!((line.last(), line.late()), (Some(start + ms(60)), ms(100)));
    }

    #[test]
    fn only_what_waited_between_the_question_and_the_last_held_the_exchange_up() {
        let start = Instant::now();
        let arrivals = Arrivals::begin();
        let came = |read: u64, stamp: u64| {
            let mut line = arrivals.line().unwrap();
            line.came_at(start + ms(read), wall() + ms(read), Some(wall() + ms(stamp)));
        };
        *arrivals.line().unwrap() = Line::new(start, wall());
        came(30, 10);
        arrivals.ask();
        assert_eq!(arrivals.held_up(), Duration::ZERO);
        came(100, 60);
        assert_eq!(arrivals.held_up(), Duration::ZERO, "what waits last holds nothing up");
        came(200, 195);
        assert_eq!(
            (arrivals.held_up(), arrivals.late_since_asking(), arrivals.late()),
            (ms(40), ms(45), ms(65))
        );
    }

    #[test]
    fn a_clock_that_was_set_is_not_believed() {
        let start = Instant::now();
        for set in [wall() + 3600 * SECOND, wall() - 3600 * SECOND, wall() + ms(30)] {
            let mut line = Line::new(start, wall());
            // It came, the clock was set, and then it was read.
            line.came_at(start + ms(50), set + ms(50), Some(wall() + ms(50)));
            assert_eq!((line.last(), line.late()), (Some(start + ms(50)), Duration::ZERO));
            line.came_at(start + ms(90), set + ms(90), Some(set + ms(70)));
            assert_eq!((line.last(), line.late()), (Some(start + ms(70)), ms(20)), "it is believed again");
        }
    }

    #[test]
    fn an_end_that_was_not_waited_for_came_with_what_came_before_it() {
        let start = Instant::now();
        let mut line = Line::new(start, wall());
        line.came_at(start + ms(150), wall() + ms(150), Some(wall() + ms(50)));
        line.ended();
        assert_eq!(line.last(), Some(start + ms(50)));
        line.waits();
        line.ended();
        assert_ne!(line.last(), Some(start + ms(50)));
    }

    #[test]
    fn who_knows_nothing_takes_what_came_for_now() {
        let (before, unknown) = (Instant::now(), Arrivals::default());
        unknown.ask();
        assert!(unknown.last() >= before);
        assert_eq!(
            (unknown.asked(), unknown.late(), unknown.held_up()),
            (None, Duration::ZERO, Duration::ZERO)
        );
    }

    proptest! {
        #[test]
        fn whatever_stamps_and_clocks_say_times_keep_their_order(
            reads in prop::collection::vec((0..2_000_u64, -5_000..5_000_i64, prop::option::of(-9_000..9_000_i64)), 0..20)
        ) {
            let start = Instant::now();
            let mut line = Line::new(start, wall());
            let (mut now, mut before, mut real) = (start, start, wall());
            let moved = |time: SystemTime, by: i64| {
                let far = ms(by.unsigned_abs());
                if by < 0 { time - far } else { time + far }
            };
            for (passed, set, stamp) in reads {
                now += ms(passed);
                real = moved(real + ms(passed), set);
                line.came_at(now, real, stamp.map(|by| moved(real, by)));
                let last = line.last().unwrap();
                prop_assert!(before <= last && last <= now);
                before = last;
            }
            prop_assert!(line.late() <= now - start, "nothing waits longer than there was time");
        }
    }
}
