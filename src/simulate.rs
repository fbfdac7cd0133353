//! The simulated provider: DNS, TCP, a proxy, TLS and the API of an LLM provider on loopback, with
//! every layer breakable on purpose.
//!
//! It keeps no state a client has to arrange: the host `<fault-name>.<domain>` *always* has that
//! fault (`tls-expired.sim.test`), and `api.<domain>`, like every other name below the domain, is
//! healthy unless a fault is set for it. Many clients can try many faults against one simulator at
//! the same time.
//!
//! Names speak Anthropic's API, but for those at and below `openai.<domain>`, `azure`, `gemini`, `mistral`, `groq`,
//! `openrouter`, `vertex` and `bedrock`: `http-429.openai.<domain>` always has that fault, told as OpenAI tells it.
//!
//! Invariants: no packet leaves the machine, everything is bounded (connections, their lifetime,
//! bodies, what is remembered), and [`Simulator::shutdown`] ends every task.
//!
//! ```no_run
//! # async fn example() -> Result<(), api_canary::simulate::StartError> {
//! use api_canary::simulate::{Fault, Options, Simulator};
//! let simulator = Simulator::start(Options::default()).await?;
//! simulator.set_fault("api.sim.test", Fault::TlsExpired);
//! println!("ask udp://{} for api.sim.test", simulator.dns_address());
//! simulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod accept;
mod black_hole;
pub mod command;
mod control;
mod counts;
mod dialect;
mod dns;
mod fault;
mod host_faults;
mod http;
mod proxy;
mod rate_limits;
mod record;
mod simulator;
mod sockets;
#[cfg(test)]
mod test_client;
mod tls;
mod world;

pub use counts::{ConnectionCounts, Counts, HostCounts};
pub use fault::{Fault, UnknownFault};
pub use host_faults::Lasting;
pub use record::{RecordedQuery, RecordedRequest, RecordedTunnel};
pub use simulator::{Options, Simulator, StartError};
