//! How much of what was is kept, and whether it outlasts the program.

use std::time::Duration;

use crate::units::Size;

const HOUR: Duration = Duration::from_secs(3600);

/// How much of what was is kept: of every path, and of all targets together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Journeys of a path that worked.
    pub journeys: usize,
    /// Journeys of a path that failed, beside those.
    pub failures: usize,
    /// How long those that worked are kept.
    pub age: Duration,
    /// How long those that failed are kept, and what was told of a target.
    pub failure_age: Duration,
    /// How far back the timelines go.
    pub timeline: Duration,
    /// What all of it may take, of all targets together.
    pub memory: Size,
    /// Whether timelines, what was told and journeys that failed are kept in a file too.
    pub persist: bool,
}

impl Default for Retention {
    /// Twenty journeys are ten minutes at the usual interval: enough to see what is usual. A failure is looked into the
    /// next morning or after the weekend. Six hours are a shift, in slots of a minute. The memory is enough for some
    /// hundreds of targets.
    fn default() -> Self {
        Self {
            journeys: 20,
            failures: 20,
            age: 24 * HOUR,
            failure_age: 7 * 24 * HOUR,
            timeline: 6 * HOUR,
            memory: Size::mib(64),
            persist: true,
        }
    }
}
