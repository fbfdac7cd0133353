//! Two places joined by the link: the probers', and the servers'.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::harness::is_smoke;
use super::link::Link;
use super::others::Others;
use super::place::{OTHERS, PROBER, Place};
use super::probers::{self, WARM};
use super::process::Process;
use super::record::Record;
use super::scenario::{self, Scenario};
use super::servers::{self, Nginx, Pki};
use super::truth::{Truth, Wire};
use super::whole;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Addresses for measurements of networks (RFC 2544).
const PROBERS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
pub(crate) const SERVERS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// For what is still under way when a scenario is over: some times the link's delay.
const UNDER_WAY: Duration = Duration::from_millis(100);

/// For the last journeys of the program to end.
const LAST: Duration = Duration::from_millis(500);

/// Who probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Canary,
    Whole,
    Floor,
    Blackbox,
}

impl Who {
    pub(crate) const ALL: [Self; 4] = [Self::Canary, Self::Whole, Self::Floor, Self::Blackbox];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Whole => "canary (whole program)",
            Self::Floor => "floor",
            Self::Blackbox => "blackbox_exporter",
        }
    }

    /// The whole program has its own schedule, which is an even one.
    pub(crate) fn does(self, scenario: &Scenario) -> bool {
        match self {
            Self::Canary | Self::Floor => true,
            Self::Whole => scenario.name == scenario::PACED,
            Self::Blackbox => has_blackbox(),
        }
    }
}

/// Whether `blackbox_exporter` is installed.
pub(crate) fn has_blackbox() -> bool {
    Command::new(servers::BLACKBOX_PROGRAM).arg("--version").output().is_ok()
}

/// All that takes part but the probers.
pub(crate) struct Network {
    link: Link,
    nginx: Nginx,
    _others: [Process; 2],
    probers: Place,
    _servers: Place,
    pki: Pki,
}

/// A scenario as one prober walked it.
pub(crate) struct Walked {
    /// What it says and what was on the wire, where both are known.
    pub(crate) pairs: Vec<(Record, Truth)>,
    /// Why others are not among them.
    pub(crate) unmatched: Vec<String>,
    /// CPU time of a probe, in seconds.
    pub(crate) cpu: f64,
    /// Cores that processes not of the bench used.
    pub(crate) others: f64,
}

/// What a prober printed, and what it cost after warming up.
struct Printed {
    records: Vec<Record>,
    cpu: f64,
    others: f64,
}

impl Network {
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let probers = Place::new(directory, SERVERS.into())?;
        let servers = Place::new(directory, SERVERS.into())?;
        let link = Link::start((&probers, PROBERS), (&servers, SERVERS))?;
        let pki = Pki::new(directory)?;
        let socket = directory.join("slow.socket");
        let mut slow = servers.command(OTHERS, std::env::current_exe()?);
        let slow = Process::start(slow.args([super::ROLE, "slow"]).arg(&socket).stdin(Stdio::null()))?;
        let locations: String = [20, 100, 1000]
            .map(|delay| {
                let socket = socket.display();
                format!("location = /after/{delay} {{ proxy_pass http://unix:{socket}:/{delay}; }}\n")
            })
            .concat();
        let nginx = Nginx::start(&servers, SERVERS.into(), &pki, directory, &locations, true)?;
        let unbound = servers::unbound(&servers, SERVERS.into(), SERVERS.into(), directory)?;
        Ok(Self { link, nginx, _others: [slow, unbound], probers, _servers: servers, pki })
    }

    /// Whether the link stays before everybody else on its CPU.
    pub(crate) fn link_is_first(&self) -> bool {
        self.link.is_first
    }

    /// Walks a scenario, and holds what the prober says against what was on the wire.
    pub(crate) fn walk(&mut self, who: Who, scenario: &Scenario, directory: &Path) -> Result<Walked> {
        self.link.packets(directory)?;
        let since = fs::metadata(&self.nginx.access_log)?.len();
        let printed = match who {
            Who::Canary | Who::Floor => {
                let mut child = self.child(PROBER, who, scenario, directory)?;
                read(&mut child, None, scenario)?
            }
            Who::Blackbox => {
                let config = format!(
                    "modules: {{ wire: {{ prober: http, timeout: 10s, http: {{ preferred_ip_protocol: ip4, \
                     ip_protocol_fallback: false, tls_config: {{ ca_file: {} }} }} }} }}",
                    self.pki.root_file.display()
                );
                let local = Ipv4Addr::LOCALHOST.into();
                let blackbox = servers::blackbox(&self.probers, local, &config, directory)?;
                read(&mut self.child(OTHERS, who, scenario, directory)?, Some(&blackbox), scenario)?
            }
            Who::Whole => self.whole(scenario, directory)?,
        };
        std::thread::sleep(UNDER_WAY);
        let packets = self.link.packets(directory)?;
        let log = fs::read(&self.nginx.access_log)?;
        let log = String::from_utf8_lossy(log.get(usize::try_from(since)?..).unwrap_or_default());
        let delay = Duration::from_millis(scenario.delay.into());
        let mut truths = Wire::of(packets).probes(&log, delay);
        let (mut pairs, mut unmatched) = (Vec::new(), Vec::new());
        for target in 0..scenario.targets {
            let (records, truths) =
                (of_target(&printed.records, target), truths.remove(&target).unwrap_or_default());
            if let Some(failed) = records.iter().find(|record| record.failure.is_some()) {
                // Which of its connections is whose is not known.
                unmatched.push(format!("{failed:?}"));
            } else if truths.len() < records.len() {
                unmatched.push(format!("target {target}: {} of {} answered", truths.len(), records.len()));
            } else {
                for (record, truth) in records.into_iter().zip(truths).filter(|(record, _)| !record.warm) {
                    match truth {
                        Some(truth) => pairs.push((record.clone(), truth)),
                        None => unmatched.push(format!("packets do not tell: {record:?}")),
                    }
                }
            }
        }
        Ok(Walked { pairs, unmatched, cpu: printed.cpu, others: printed.others })
    }

    /// A child of the bench among the probers.
    fn child(&self, cpu: usize, who: Who, scenario: &Scenario, directory: &Path) -> Result<Process> {
        let role = match who {
            Who::Canary => "canary",
            Who::Whole => "ask",
            Who::Floor => "floor",
            Who::Blackbox => "scrape",
        };
        let config = probers::config(scenario.targets, scenario.delay, 30, &self.pki.root_file, directory)?;
        let mut command = self.probers.command(cpu, std::env::current_exe()?);
        command.args([super::ROLE, role, scenario.name]).arg(config).arg(&self.pki.root_file);
        if !is_smoke() {
            command.arg("--bench");
        }
        Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))
    }

    /// Runs the program until its schedule has come round so often, and asks it.
    fn whole(&self, scenario: &Scenario, directory: &Path) -> Result<Printed> {
        let interval = if is_smoke() { 1 } else { 15 };
        let config =
            probers::config(scenario.targets, scenario.delay, interval, &self.pki.root_file, directory)?;
        let interval = Duration::from_secs(interval.into());
        let mut command = self.probers.command(PROBER, super::canary::PROGRAM);
        command.arg(format!("--web.listen-address={}", whole::LISTENS));
        command.arg(format!("--state.directory={}", tempfile::tempdir_in(directory)?.keep().display()));
        let canary = super::canary::Canary::start_by(command, &config)?;
        std::thread::sleep(interval);
        let others = Others::now()?;
        let (cpu, served) = (canary.process().cpu()?, self.lines()?);
        std::thread::sleep(interval * scenario.times + LAST);
        let probes = self.lines()? - served;
        let cpu =
            canary.process().cpu()?.saturating_sub(cpu).as_secs_f64() / f64::from(u32::try_from(probes)?);
        let others = others.since()?;
        let records =
            read(&mut self.child(OTHERS, Who::Whole, scenario, directory)?, None, scenario)?.records;
        Ok(Printed { records, cpu, others })
    }

    /// How many calls nginx has noted.
    fn lines(&self) -> Result<usize> {
        Ok(fs::read_to_string(&self.nginx.access_log)?.lines().count())
    }
}

/// Reads what a child prints to its end; the CPU time is of `prober` where that is another one.
fn read(child: &mut Process, prober: Option<&Process>, scenario: &Scenario) -> Result<Printed> {
    let output = BufReader::new(child.child().stdout.take().ok_or("it has no output")?);
    let (mut records, mut cpu, mut others) = (Vec::new(), None, None);
    let used = |child: &Process| prober.unwrap_or(child).cpu();
    let mut after = None;
    for line in output.lines() {
        let line = line?;
        if line == WARM {
            cpu = Some(used(child)?);
            others = Some(Others::now()?);
        } else {
            // It prints when it is done.
            if after.is_none() {
                after = Some((used(child)?, others.as_ref().map_or(Ok(f64::NAN), Others::since)?));
            }
            records.push(serde_json::from_str(&line)?);
        }
    }
    let ended = child.child().wait()?;
    let (after, others) =
        after.filter(|_| ended.success()).ok_or_else(|| format!("a prober ended: {ended}"))?;
    let cpu = cpu.map_or(f64::NAN, |cpu| after.saturating_sub(cpu).as_secs_f64());
    Ok(Printed { records, cpu: cpu / f64::from(scenario.targets * scenario.times), others })
}

fn of_target(records: &[Record], target: u32) -> Vec<&Record> {
    records.iter().filter(|record| record.target == target).collect()
}
