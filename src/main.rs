//! The program: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Threads make what other threads free, for weeks: the allocator of glibc keeps more than half of what it was given then, and
/// that of musl, of which the image is made, is slow. It asks for no huge pages: to clear and to find them holds up everything for
/// milliseconds.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    api_canary::cli::run()
}
