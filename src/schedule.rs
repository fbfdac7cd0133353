//! When each target is probed: decisions only, no clock and no sockets.
//!
//! Promises: starts are spread evenly over the interval and stay where they are while other targets come and go; no
//! job runs beside itself; after a stall each job runs once and then keeps its rhythm, never in a burst; the number of
//! runs in flight is bounded, and what that costs is told.

mod plan;
mod wheel;

pub use plan::{Change, diff};
pub use wheel::{Due, JobKey, Next, SkipReason, Wheel};
