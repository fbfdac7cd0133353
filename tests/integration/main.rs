//! The integration tests: the real binary, real peers, and the simulated provider, on loopback.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod config_errors;
#[cfg(test)]
mod exposition;
#[cfg(test)]
mod exposition_format;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod incidents;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod scheduling;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod series;
#[cfg(test)]
mod workspace;
