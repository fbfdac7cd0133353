//! The log: logfmt or JSON lines on standard error.
//!
//! Only this program's own messages have a level to choose; of its libraries only warnings are shown, because their
//! debug output holds what was sent.

use clap::ValueEnum;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How severe a message must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Beginnings and ends.
    Info,
    /// What works but should not be so.
    Warn,
    /// What does not work.
    Error,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// `key=value` pairs.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// Starts the log of the process.
pub(super) fn start(level: LogLevel, format: LogFormat) {
    let own = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    let filter = Targets::new()
        .with_target("api_canary", own)
        .with_default(own.min(LevelFilter::WARN))
        // Its warnings are whole messages as peers sent them; what they mean is told by ours.
        .with_target("hickory", LevelFilter::OFF)
        .with_target("hickory_net", LevelFilter::OFF)
        .with_target("hickory_proto", LevelFilter::OFF)
        .with_target("hickory_resolver", LevelFilter::OFF);
    let writer = std::io::stderr;
    let layer = match format {
        LogFormat::Logfmt => tracing_logfmt::builder()
            .with_target(false)
            .with_span_name(false)
            .with_span_path(false)
            .layer()
            .with_writer(writer)
            .boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_target(false)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
    };
    // A second start in one process would find a log already there, and that one is as good.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
