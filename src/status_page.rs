//! The providers' status pages, read beside the probes: what a provider says of itself.
//!
//! Promises: context only, nothing here overrides a probe; a page that cannot be read is *unknown* and never an outage;
//! each page is read once for all targets that share it, at its own slow interval, by an ordinary client that honours
//! the process's proxy variables, follows redirects, honours caching headers, and sends no key.

mod caching;
mod pages;
mod reader;
mod summary;

pub use caching::{conditions, retry_after};
pub use pages::{PageStatus, StatusPages};
pub use summary::{ComponentStatus, Indicator, Summary, SummaryError};
