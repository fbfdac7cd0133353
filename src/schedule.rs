//! When each target is probed: decisions only, no clock and no sockets.
//!
//! Promises: starts are spread evenly over the interval and stay where they are while other targets come and go; no
//! job runs beside itself; after a stall each job runs once and then keeps its rhythm, never all at once; the number of
//! runs in flight is bounded, and what that costs is told. Which call a run makes follows from what the API asked for and
//! from the budget; which of several canaries watches a target, from its name.

mod budget;
mod gate;
mod pace;
mod plan;
mod room;
mod shard;
mod wheel;

pub use budget::{Account, Day, Ledger, cost_of};
pub use gate::{Decision, Gate, Pause};
pub use plan::{Change, diff};
pub use room::Bound;
pub use shard::{Ordinal, OrdinalError, Shard, ShardError, hashmod};
pub use wheel::{Due, JobKey, Next, SkipReason, Wheel};
