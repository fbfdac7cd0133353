//! The integration tests: the real binary, real peers, and the simulated provider, on loopback.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod exposition;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod workspace;
