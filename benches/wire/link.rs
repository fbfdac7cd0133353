//! The link between prober and servers: every packet is given to the other side a fixed time after it was taken.
//!
//! It is a process of its own with two TUN devices, and it stays before everybody else on its CPU
//! where the machine allows (`SCHED_FIFO`), so that it gives packets a few hundredths of a millisecond late at most. What
//! crossed it is kept in memory and written to a file when that is asked for.

use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::num::NonZero;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::time::Instant;

use super::packet::{Nanos, Packet, Way, What};
use super::place::{OTHERS, Place};
use super::process::Process;
use super::tun;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How long a packet is under way.
pub(crate) const ONE_WAY: Duration = Duration::from_millis(25);

/// How many packets of one side are taken before one that is due is given.
const AT_ONCE: usize = 32;

type Log = Arc<Mutex<Vec<Packet>>>;

/// A running link.
pub(crate) struct Link {
    _process: Process,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Whether it stays before everybody else.
    pub(crate) is_first: bool,
}

impl Link {
    /// Joins two places, whose addresses on it are these.
    pub(crate) fn start(prober: (&Place, Ipv4Addr), servers: (&Place, Ipv4Addr)) -> Result<Self> {
        let first = ["chrt", "--fifo", "50"];
        let may = Command::new("chrt").args(["--fifo", "50", "true"]).stderr(Stdio::null()).status();
        let is_first = may.is_ok_and(|status| status.success());
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &OTHERS.to_string()]);
        if is_first {
            command.args(first);
        }
        command.arg(std::env::current_exe()?).args([super::ROLE, "link"]);
        let mut process = Process::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let child = process.child();
        let commands = child.stdin.take().ok_or("the link has no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("the link has no output")?);
        let mut link = Self { _process: process, commands, answers, is_first };
        let names = link.answer()?;
        let (a, b) = names.split_once(' ').ok_or_else(|| format!("not two devices: {names:?}"))?;
        for (device, (place, own), (_, other)) in [(a, prober, servers), (b, servers, prober)] {
            join(device, place, own, other)?;
        }
        Ok(link)
    }

    /// What crossed it since this was asked last.
    pub(crate) fn packets(&mut self, directory: &Path) -> Result<Vec<Packet>> {
        let file = directory.join("packets");
        writeln!(self.commands, "{}", file.display())?;
        self.answer()?;
        BufReader::new(File::open(file)?).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() { Err("the link has ended".into()) } else { Ok(line.to_owned()) }
    }
}

/// Moves a device to a place and gives it its address there.
fn join(device: &str, place: &Place, own: Ipv4Addr, other: Ipv4Addr) -> Result<()> {
    let holder = place.process().to_string();
    let moved = Command::new("ip").args(["link", "set", "dev", device, "netns", &holder]).status()?;
    if !moved.success() {
        return Err(format!("{device} does not go to its place").into());
    }
    place.run("ip", &["addr", "add", &own.to_string(), "peer", &other.to_string(), "dev", device])?;
    // Room for a burst, so that nothing is lost on the way.
    place.run("ip", &["link", "set", "dev", device, "txqueuelen", "20000", "up"])?;
    Ok(())
}

/// The link itself: makes the devices, names them, and carries packets until its input ends.
pub(crate) fn run() -> Result<()> {
    let names = ["a", "b"].map(|side| format!("wire{side}{}", std::process::id()));
    let [a, b] = names.each_ref().map(|name| tun::device(name));
    let (mut carrier, log) = (Carrier { probers: a?, servers: b?, start: Instant::now() }, Log::default());
    let kept = Arc::clone(&log);
    std::thread::spawn(move || carrier.run(&kept));
    let mut output = std::io::stdout();
    writeln!(output, "{}", names.join(" "))?;
    for file in std::io::stdin().lines() {
        let packets = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
        let mut file = BufWriter::new(File::create(file?)?);
        for packet in &packets {
            serde_json::to_writer(&mut file, packet)?;
            writeln!(file)?;
        }
        file.flush()?;
        writeln!(output, "{}", packets.len())?;
    }
    Ok(())
}

/// Carries packets both ways.
struct Carrier {
    probers: File,
    servers: File,
    start: Instant,
}

/// A packet under way.
struct Held {
    way: Way,
    taken: Nanos,
    bytes: Vec<u8>,
}

impl Carrier {
    /// Carries packets until a device is gone: going on then would take the CPU from everybody.
    fn run(&mut self, log: &Log) {
        // Without effect, and without need, where it stays before everybody else.
        let _ = rustix::thread::set_current_timer_slack(NonZero::new(1));
        // All are under way for the same time, so that what was taken first is due first.
        let mut held: VecDeque<Held> = VecDeque::new();
        let mut room = vec![0; 65_536];
        while self.wait(held.front()).is_ok() {
            loop {
                // Between any two that are given, since giving one takes long: the other side's network handles it meanwhile.
                for way in [Way::Away, Way::Back] {
                    if self.take(way, &mut room, &mut held).is_err() {
                        return;
                    }
                }
                if held.front().is_none_or(|next| !self.left(next).is_zero()) {
                    break;
                }
                let Some(Held { way, taken, bytes }) = held.pop_front() else { break };
                let given = self.now();
                // What the other side does not take is lost, as on any link.
                if self.sink(way).write(&bytes).is_ok() {
                    let packet = Packet { way, taken, given, what: What::of(way, &bytes) };
                    log.lock().unwrap_or_else(PoisonError::into_inner).push(packet);
                }
            }
        }
    }

    /// Takes what is there.
    fn take(&mut self, way: Way, room: &mut [u8], held: &mut VecDeque<Held>) -> std::io::Result<()> {
        for _ in 0..AT_ONCE {
            match self.source(way).read(room) {
                Ok(length) => {
                    let bytes = room.get(..length).unwrap_or_default().to_vec();
                    held.push_back(Held { way, taken: self.now(), bytes });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn source(&mut self, way: Way) -> &mut File {
        match way {
            Way::Away => &mut self.probers,
            Way::Back => &mut self.servers,
        }
    }

    fn sink(&mut self, way: Way) -> &mut File {
        match way {
            Way::Away => &mut self.servers,
            Way::Back => &mut self.probers,
        }
    }

    /// Waits for a packet, or until the next one is due.
    fn wait(&self, next: Option<&Held>) -> rustix::io::Result<()> {
        let left = next.and_then(|next| Timespec::try_from(self.left(next)).ok());
        let mut sides = [&self.probers, &self.servers].map(|side| PollFd::new(side, PollFlags::IN));
        match poll(&mut sides, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How long a packet is still under way.
    fn left(&self, held: &Held) -> Duration {
        (Duration::from_nanos(held.taken) + ONE_WAY).saturating_sub(self.start.elapsed())
    }

    fn now(&self) -> Nanos {
        nanos(self.start.elapsed())
    }
}

/// Enough for centuries.
pub(crate) fn nanos(time: Duration) -> Nanos {
    Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX)
}
