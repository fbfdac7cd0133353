//! What the machine does beside a bench: CPU time of processes that are not of it.

use std::collections::HashMap;
use std::error::Error;
use std::fs;

use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Clock ticks of a second, as Linux counts CPU time for programs.
const TICKS: f64 = 100.0;

/// CPU time used so far, in seconds.
pub(crate) struct Others {
    at: Instant,
    used: f64,
}

impl Others {
    /// Up to now.
    pub(crate) fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        let times = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(3);
        let all: f64 = times.map(str::parse::<f64>).sum::<std::result::Result<_, _>>()?;
        Ok(Self { at: Instant::now(), used: (all - ours()) / TICKS })
    }

    /// How many cores they used since.
    pub(crate) fn since(&self) -> Result<f64> {
        let now = Self::now()?;
        Ok((now.used - self.used).max(0.0) / (now.at - self.at).as_secs_f64())
    }
}

/// Ticks of this process and all it started, those that have ended included.
fn ours() -> f64 {
    let mut processes: HashMap<u32, (u32, f64)> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile.
        let Ok(text) = fs::read_to_string(entry.path().join("stat")) else { continue };
        processes.extend(parent_and_ticks(&text).map(|found| (id, found)));
    }
    let own = std::process::id();
    let is_ours = |mut id: u32| {
        // A process may have become an orphan, and numbers be used again: no walk is endless.
        for _ in 0..64 {
            match processes.get(&id) {
                _ if id == own => return true,
                Some((parent, _)) => id = *parent,
                None => return false,
            }
        }
        false
    };
    processes.iter().filter(|(id, _)| is_ours(**id)).map(|(_, (_, ticks))| ticks).sum()
}

/// Of a line of `/proc/PID/stat`: the parent, and user and system time, of the process and of its ended children.
fn parent_and_ticks(text: &str) -> Option<(u32, f64)> {
    // Behind the name, which may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}
