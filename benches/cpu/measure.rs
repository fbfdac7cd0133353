//! One measurement: a prober started in the place, left to warm up, and watched for a while.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;
use tokio::time::Instant;

use super::canary::{Canary, PROGRAM, Samples};
use super::child::{ASKER, FLOOR, SCRAPER};
use super::harness::cpu_time;
use super::place::{OTHERS, PROBER, Place};
use super::process::Process;
use super::rows::{Row, config_of_blackbox};
use super::servers::{self, Nginx, Pki};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where the canary listens.
const LISTEN: &str = "--web.listen-address=127.0.0.1:10429";
pub(crate) const METRICS: &str = "http://127.0.0.1:10429/metrics";

/// How long the first runs of all targets may take beside the interval.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the others warm up.
const WARM: Duration = Duration::from_secs(3);

/// Who probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Floor,
    Canary,
    Blackbox,
}

/// How fast.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// So many targets in turn, so many probes a second.
    Paced { targets: u32, rate: f64 },
    /// So many targets in turn, 16 in flight.
    Closed { targets: u32 },
}

/// What was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// CPU for each probe.
    pub(crate) micros: f64,
    /// Probes a second.
    pub(crate) rate: f64,
    /// Probes in all, a little more than those of the time that was watched.
    counted: f64,
    pub(crate) peak: f64,
    pub(crate) threads: f64,
    pub(crate) descriptors: usize,
    /// Context switches for each probe.
    pub(crate) switches: f64,
    /// Cores that were used by what does not belong here.
    pub(crate) others: f64,
}

/// Servers in a place of their own.
pub(crate) struct Scene {
    place: Place,
    pki: Pki,
    nginx: Nginx,
    unbound: Process,
    directory: PathBuf,
}

impl Scene {
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let place = Place::new(directory, local)?;
        let pki = Pki::new(directory)?;
        let nginx = Nginx::start(&place, local, &pki, directory, "", false)?;
        let unbound = servers::unbound(&place, local, local, directory)?;
        Ok(Self { place, pki, nginx, unbound, directory: directory.to_owned() })
    }

    /// Watches one prober for so long.
    pub(crate) fn measure(&self, side: Side, row: Row, pace: Pace, window: Duration) -> Result<Measured> {
        let warm = WARM.min(window);
        match side {
            Side::Floor => {
                let mut told = arguments(FLOOR, row, pace);
                told.push(self.pki.root_file.display().to_string());
                let mut floor = self.child(PROBER, &told)?;
                sleep(warm);
                let Child { process, talk } = &mut floor;
                self.watch(row, window, process, &[], &mut || talk.count())
            }
            Side::Canary => self.canary(row, pace, window, &mut |_| ()),
            Side::Blackbox => {
                let config = config_of_blackbox(&self.pki.root_file);
                let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
                let blackbox = servers::blackbox(&self.place, local, &config, &self.directory)?;
                let mut asker = self.child(OTHERS, &arguments(ASKER, row, pace))?;
                sleep(warm);
                let Child { process, talk } = &mut asker;
                self.watch(row, window, &blackbox, &[process], &mut || talk.count())
            }
        }
    }

    /// The same for the canary; `ready` once its targets have all had their first run.
    pub(crate) fn canary(
        &self,
        row: Row,
        pace: Pace,
        window: Duration,
        ready: &mut dyn FnMut(u32),
    ) -> Result<Measured> {
        let Pace::Paced { targets, rate } = pace else { return Err("the canary keeps its own pace".into()) };
        let interval = f64::from(targets) / rate;
        let config = self.directory.join("canary.yml");
        fs::write(&config, row.config_of_canary(targets, interval, &self.pki.root_file))?;
        let mut command = self.place.command(PROBER, PROGRAM);
        command.arg(LISTEN);
        let canary = Canary::start_by(command, &config)?;
        let start = Instant::now();
        loop {
            let samples = self.samples()?;
            let first = samples.values("probe_runs_total", "").filter(|runs| *runs >= 1.0).count();
            if first == usize::try_from(targets)? {
                break;
            }
            if start.elapsed() > PATIENCE + Duration::from_secs_f64(interval) {
                return Err(format!("{first} of {targets} targets were walked").into());
            }
            // Seldom enough to wear nothing out.
            sleep(Duration::from_millis(if interval > 5.0 { 1000 } else { 100 }));
        }
        ready(canary.process().id());
        let scraper = self.child(OTHERS, &[SCRAPER.to_owned()])?;
        let mut calls = Vec::new();
        let mut count = || {
            let samples = self.samples()?;
            let sum = |name: &str, labels: &str| samples.values(name, labels).sum::<f64>();
            calls.push(sum("api_requests_total", "status_code=\"200\""));
            Ok((sum("probe_runs_total", ""), sum("probe_layer_failures_total", "")))
        };
        let process = canary.process();
        let measured = self.watch(row, window, process, &[&scraper.process], &mut count)?;
        if let [before, after] = calls[..] {
            let (calls, runs) = (after - before, measured.counted);
            // The two are counted one after the other.
            if row.calls() && (calls - runs).abs() > rate.mul_add(0.05, 2.0) {
                return Err(format!("{runs:.0} runs made {calls:.0} calls").into());
            }
        }
        Ok(measured)
    }

    fn watch(
        &self,
        row: Row,
        window: Duration,
        prober: &Process,
        helpers: &[&Process],
        count: &mut dyn FnMut() -> Result<(f64, f64)>,
    ) -> Result<Measured> {
        let ours: Vec<&Process> = [prober, self.nginx.process(), &self.unbound]
            .into_iter()
            .chain(helpers.iter().copied())
            .collect();
        let used = || -> Result<Duration> {
            let each = ours.iter().map(|process| process.cpu()).collect::<Result<Vec<_>>>()?;
            Ok(each.into_iter().sum::<Duration>() + cpu_time())
        };
        // What counting costs is outside; it takes its time, so that the rate is that between the two counts.
        let (served_before, asked) = (self.nginx.served(&self.place)?, Instant::now());
        let (good_before, bad_before) = count()?;
        let counted = Instant::now();
        prober.forget_peak()?;
        let (busy_before, used_before, switches_before) = (busy()?, used()?, switches(prober)?);
        let (cpu_before, start) = (cpu(prober)?, Instant::now());
        sleep(window);
        let (cpu_after, took) = (cpu(prober)?, start.elapsed().as_secs_f64());
        let (busy_after, used_after, holds) = (busy()?, used()?, prober.holds()?);
        let switches_after = switches(prober)?;
        let (good_after, bad_after) = count()?;
        let between = counted.elapsed().as_secs_f64();
        let served_after = self.nginx.served(&self.place)?;
        let counting = asked.elapsed().as_secs_f64() - took;
        let (counted, failed) = (good_after - good_before, bad_after - bad_before);
        if failed > 0.0 || counted < 1.0 {
            return Err(format!("{}: beside {counted} good probes {failed} failed", row.name()).into());
        }
        let rate = counted / between;
        let probes = rate * took;
        if row.connects() {
            // Without that of the question itself.
            let seen = served_after.connections.saturating_sub(served_before.connections + 1);
            let seen = f64::from(u32::try_from(seen)?);
            // The two are counted one after the other, and some are in flight at either end.
            let apart = rate.mul_add(counting, counted.mul_add(0.1, 3.0));
            if (seen - counted).abs() > apart {
                return Err(format!("{}: {counted} probes, and nginx saw {seen}", row.name()).into());
            }
        }
        Ok(Measured {
            micros: (cpu_after - cpu_before).as_secs_f64() * 1e6 / probes,
            rate,
            counted,
            peak: holds.peak,
            threads: holds.threads,
            descriptors: holds.descriptors,
            switches: (switches_after - switches_before) / probes,
            others: (busy_after - busy_before - (used_after - used_before).as_secs_f64()).max(0.0) / took,
        })
    }

    fn samples(&self) -> Result<Samples> {
        Ok(Samples::read(self.place.run("curl", &["-sSf", METRICS])?))
    }

    /// This program in the place.
    fn child(&self, cpu: usize, arguments: &[String]) -> Result<Child> {
        let mut command = self.place.command(cpu, std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let asked = process.child().stdin.take().ok_or("it has no input")?;
        let told = BufReader::new(process.child().stdout.take().ok_or("it has no output")?);
        Ok(Child { process, talk: Talk { asked, told } })
    }
}

/// This program as a child.
struct Child {
    process: Process,
    talk: Talk,
}

/// What a child is asked and tells.
struct Talk {
    asked: ChildStdin,
    told: BufReader<ChildStdout>,
}

impl Talk {
    /// Probes that went well so far, and that did not.
    fn count(&mut self) -> Result<(f64, f64)> {
        self.asked.write_all(b"\n")?;
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        let (good, bad) = line.trim().split_once(' ').ok_or("the child has ended")?;
        Ok((good.parse()?, bad.parse()?))
    }
}

/// Row, rate and number of targets, as a child is told.
fn arguments(as_what: &str, row: Row, pace: Pace) -> Vec<String> {
    let (rate, targets) = match pace {
        Pace::Paced { targets, rate } => (rate, targets),
        Pace::Closed { targets } => (0.0, targets),
    };
    vec![as_what.to_owned(), row.name().to_owned(), rate.to_string(), targets.to_string()]
}

/// The CPU time of a process, all its threads, to the nanosecond.
fn cpu(process: &Process) -> Result<Duration> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(i32::try_from(process.id())?))?;
    Ok(clock.now()?.into())
}

/// The context switches of all threads that a process has.
fn switches(process: &Process) -> Result<f64> {
    let mut sum = 0.0;
    for thread in fs::read_dir(format!("/proc/{}/task", process.id()))? {
        // One that ends meanwhile has none.
        let status = fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        let lines = status.lines().filter(|line| line.contains("voluntary_ctxt_switches:"));
        let counts = lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        sum += counts.sum::<f64>();
    }
    Ok(sum)
}

/// Seconds that all CPUs were busy since the machine started.
fn busy() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().ok_or("no CPUs")?;
    let ticks: Vec<f64> =
        line.split_whitespace().skip(1).map(str::parse).collect::<std::result::Result<_, _>>()?;
    // user, nice, system, then idle and waiting, then interrupts.
    let of = |range: std::ops::Range<usize>| ticks.get(range).map_or(0.0, |part| part.iter().sum::<f64>());
    Ok((of(0..3) + of(5..7)) / 100.0)
}
