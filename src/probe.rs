//! Probing: one room a layer, and the journey that walks them in order.
//!
//! Promises: a journey has one connection and one deadline; each layer is timed on its own; evidence survives
//! failure; nothing is sent over a connection that did not verify, but for the fixed
//! requests of follow-ups; what does not change for a target is made once.

mod address;
mod dns;
mod families;
mod follow_up;
mod http;
mod journey;
mod outside;
mod paths;
mod pooled;
mod prober;
mod proxy;
mod retry;
mod site;
mod tcp;
mod tls;
mod way;

pub use dns::{ResolvConf, SystemResolver};
pub use follow_up::FollowUps;
pub use prober::{Prober, SetupError};
