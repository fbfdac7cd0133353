//! The edge to the operating system's network: what its errors mean, and what the kernel knows of a connection.
//!
//! Promises: an `io::Error` is read here and nowhere else, so that every layer tells a reset from a timeout from our
//! own exhaustion in the same way; what comes is timed by when the kernel got it, where the kernel says so.

mod arrivals;
#[cfg(test)]
pub(crate) mod busy;
mod client;
mod datagrams;
mod descriptors;
mod dial;
mod kernel_stamp;
mod observed;
mod stamped;
mod tcp_info;
mod tls_error;
mod trouble;

pub use arrivals::Arrivals;
pub use client::{client, public_tls, tls};
pub use datagrams::Datagrams;
pub use descriptors::raise_descriptor_limit;
pub use dial::{Attempt, Dialled, Missed, dial, dial_small};
pub use observed::{Observed, Observer};
pub use stamped::Stamped;
pub use tcp_info::round_trip_time;
pub use tls_error::rustls_error;
pub use trouble::{IoTrouble, of_connecting};
