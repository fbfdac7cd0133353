//! The edge to the operating system's network: what its errors mean, and what the kernel knows of a connection.
//!
//! Promises: an `io::Error` is read here and nowhere else, so that every layer tells a reset from a timeout from our
//! own exhaustion in the same way.

mod client;
mod descriptors;
mod dial;
mod observed;
mod tcp_info;
mod tls_error;
mod trouble;

pub use client::{client, public_tls, tls};
pub use descriptors::raise_descriptor_limit;
pub use dial::{Attempt, Dialled, Missed, dial, dial_small};
pub use observed::{Observed, Observer};
pub use tcp_info::round_trip_time;
pub use tls_error::rustls_error;
pub use trouble::{IoTrouble, of_connecting};
