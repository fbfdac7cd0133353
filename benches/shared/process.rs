//! A program that a bench started, and what the kernel says of it.

use std::error::Error;
use std::fs;
use std::process::{Child, Command};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Clock ticks of a second, as Linux counts CPU time for programs.
const TICKS: f64 = 100.0;

/// A running program; it ends with this value.
pub(crate) struct Process(Child);

/// What a program holds now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holds {
    /// Memory, in bytes, now and at its most since the last [`Process::forget_peak`].
    pub(crate) resident: f64,
    pub(crate) peak: f64,
    pub(crate) threads: f64,
    pub(crate) descriptors: usize,
    /// Context switches so far.
    pub(crate) switches: f64,
}

impl Process {
    /// Starts a program.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn().map_err(|error| format!("{command:?}: {error}"))?))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// The child, for its output and its end.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// The CPU time it has used, all its threads, user and system, to 10 ms.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let text = self.file("stat")?;
        // Behind the name, which may hold anything: user and system time are the 12th and 13th.
        let (_, fields) = text.rsplit_once(')').ok_or("no name")?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
        let mut next = || times.next().ok_or("too short");
        Ok(Duration::from_secs_f64((next()?? + next()??) / TICKS))
    }

    /// What it holds now.
    pub(crate) fn holds(&self) -> Result<Holds> {
        let status = self.file("status")?;
        let number = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let text = line.and_then(|line| line.split_whitespace().next());
            Ok(text.ok_or_else(|| format!("no {name}"))?.parse()?)
        };
        Ok(Holds {
            resident: number("VmRSS")? * 1024.0,
            peak: number("VmHWM")? * 1024.0,
            threads: number("Threads")?,
            descriptors: fs::read_dir(format!("/proc/{}/fd", self.id()))?.count(),
            switches: number("voluntary_ctxt_switches")? + number("nonvoluntary_ctxt_switches")?,
        })
    }

    /// The most memory counts from now on.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.id()), "5")?)
    }

    fn file(&self, name: &str) -> Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{name}", self.id()))?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
