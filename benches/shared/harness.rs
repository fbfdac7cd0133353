//! What the benches share: CPU time, rounds, and how they are told to be quick.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Whether only to show that it runs: `cargo test --benches`, which unlike `cargo bench` does not say `--bench`.
pub(crate) fn is_smoke() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

/// The CPU time of this process so far, all its threads, user and system.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// The middle value, the least and the greatest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |at: usize| values.get(at).copied().unwrap_or(f64::NAN);
        Self { median: at(values.len() / 2), least: at(0), greatest: at(values.len().saturating_sub(1)) }
    }
}

/// Microseconds of CPU for each of `times`.
pub(crate) fn micros_each(took: Duration, times: u32) -> f64 {
    took.as_secs_f64() * 1e6 / f64::from(times.max(1))
}
