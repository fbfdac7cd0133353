//! Any event of any provider's stream: reading it does not panic, and what it says holds together.

#![no_main]

use api_canary::provider::{ALL, Event, StreamMark};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, &str)| {
    let (provider, name, data) = input;
    let reading = ALL[usize::from(provider) % ALL.len()].read_event(Event { name, data });
    match reading.mark {
        StreamMark::End => assert!(reading.ends),
        StreamMark::Error { message, .. } => {
            assert!(!reading.ends && !message.contains(['\n', '\r']));
        }
        StreamMark::Content | StreamMark::Ping | StreamMark::Unreadable | StreamMark::Other => {}
    }
});
