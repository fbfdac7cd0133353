//! api-canary: a Prometheus exporter and synthetic monitor for LLM APIs.
//!
//! A journey walks down the layers DNS, TCP, TLS and API on one connection and produces evidence; sinks publish it.
//! A folder is a room, and rooms import only rooms listed above them here (`tests/architecture.rs`).

pub mod units;

pub mod clock;

pub mod net;

pub mod outcome;

pub mod provider;

pub mod target;

pub mod config;

pub mod probe;

pub mod status_page;

pub mod diagnosis;

pub mod surroundings;

pub mod document;

pub mod schedule;

pub mod board;

pub mod history;

pub mod metrics;

pub mod rules;

pub mod sinks;

pub mod web;

pub mod sdk_check;

#[cfg(feature = "simulate")]
pub mod simulate;

pub mod app;

#[cfg(feature = "simulate")]
pub mod demo;

pub mod cli;
