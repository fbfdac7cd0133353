//! Who is watched: simulators as processes of their own, and the config that points a canary there.
//!
//! Every target has a host of its own. There are two simulators: all that is asked of the first one are journeys of
//! targets that nothing changes, so that its connections can be counted too. With the second one are those that are
//! looked into after failures, those that every reload changes, and the one that holds up the end.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use api_canary::simulate::{Counts, Fault};
use reqwest::{Client, StatusCode};

use crate::Plan;
use crate::canary::PROGRAM;
use crate::ledger::Entry;
use crate::place::OTHERS;
use crate::process::Process;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Of a hundred targets that have a fault, those that are looked into.
const LOOKED_INTO: usize = 10;

/// The target whose run keeps the canary from ending while it is asked what it counted.
pub(crate) const LAST: &str = "last";

/// A simulator that runs.
pub(crate) struct Peer {
    _process: Process,
    dns: String,
    api: String,
    plain: String,
    control: String,
    proxy: String,
    ca: PathBuf,
}

/// All targets, and where their hosts are.
pub(crate) struct World {
    quiet: Peer,
    busy: Peer,
    /// At the quiet one, and at the busy one but for those that change.
    pub(crate) quiet_entries: Vec<Entry>,
    pub(crate) busy_entries: Vec<Entry>,
    changing: usize,
    /// How often the config was changed.
    generation: u32,
}

/// A program, on a CPU of its own where there are two.
pub(crate) fn placed(plan: &Plan, cpu: usize, program: &str) -> Command {
    if !plan.pinned {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &cpu.to_string(), program]);
    command
}

// === impl Peer ===

impl Peer {
    fn start(plan: &Plan, directory: &Path, name: &str) -> Result<Self> {
        let ca = directory.join(format!("{name}.pem"));
        let mut command = placed(plan, OTHERS, PROGRAM);
        command.arg("simulate").arg("--ca-file").arg(&ca);
        for part in ["dns", "api", "plain", "control", "proxy"] {
            command.arg(format!("--{part}.listen-address=127.0.0.1:0"));
        }
        let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let output = process.child().stdout.take().ok_or("the simulator has no output")?;
        let mut addresses = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            let Some((what, place)) = line.split_once(' ') else { continue };
            if ["DNS", "API", "plain", "control", "proxy"].contains(&what) {
                let at = place.split_whitespace().find(|word| word.contains("127.0.0.1:"));
                let address = at.map(|word| word.trim_start_matches("http://").trim_end_matches(','));
                addresses.push(address.ok_or_else(|| format!("no address: {line}"))?.to_owned());
            }
            // The last one.
            if what == "proxy" {
                break;
            }
        }
        let [dns, api, plain, control, proxy] =
            addresses.try_into().map_err(|found| format!("not five addresses: {found:?}"))?;
        Ok(Self { _process: process, dns, api, plain, control, proxy, ca })
    }

    async fn set(&self, client: &Client, entry: &Entry) -> Result<()> {
        let Some(fault) = entry.fault else { return Ok(()) };
        let url = format!("http://{}/faults/{}/{fault}", self.control, entry.host);
        let response = client.put(url).send().await?;
        if response.status() != StatusCode::OK {
            return Err(format!("{} has no {fault}: {}", entry.host, response.text().await?).into());
        }
        Ok(())
    }

    async fn counts(&self, client: &Client) -> Result<Counts> {
        Ok(client.get(format!("http://{}/counts", self.control)).send().await?.json().await?)
    }
}

// === impl World ===

impl World {
    /// Starts the simulators and gives the hosts their faults.
    pub(crate) async fn new(plan: &Plan, directory: &Path, client: &Client) -> Result<Self> {
        let (quiet, busy) = (Peer::start(plan, directory, "quiet")?, Peer::start(plan, directory, "busy")?);
        let faulty = plan.targets * plan.faulty / 100;
        let changing = (plan.targets / 100).max(1);
        let looked_into = faulty * LOOKED_INTO / 100;
        let fault = |at: usize| Fault::ALL.iter().copied().cycle().nth(at);
        let entry = |name: String, fault: Option<Fault>, secure, alone| Entry {
            host: format!("{name}.sim.test"),
            target: name,
            fault,
            secure,
            alone,
        };
        // Strides, so that those looked into have faults of every layer.
        let mut quiet_entries: Vec<Entry> =
            (0..faulty - looked_into).map(|at| entry(format!("fault-{at}"), fault(at), true, true)).collect();
        let busy_entries: Vec<Entry> =
            (0..looked_into).map(|at| entry(format!("looked-{at}"), fault(at * 7), true, false)).collect();
        // Of ten, six are plain.
        quiet_entries.extend(
            (0..plan.targets - faulty - changing)
                .map(|at| entry(format!("healthy-{at}"), None, at % 10 >= 6, true)),
        );
        for (peer, entries) in [(&quiet, &quiet_entries), (&busy, &busy_entries)] {
            for entry in entries {
                peer.set(client, entry).await?;
            }
        }
        busy.set(client, &entry(LAST.to_owned(), Some(Fault::HttpTimeout), false, true)).await?;
        Ok(Self { quiet, busy, quiet_entries, busy_entries, changing, generation: 0 })
    }

    /// How many targets there are, and how many of them have a fault.
    pub(crate) fn size(&self) -> (usize, usize) {
        let entries = self.quiet_entries.iter().chain(&self.busy_entries);
        let faulty = entries.clone().filter(|entry| entry.fault.is_some()).count();
        (entries.count() + self.changing + 1, faulty)
    }

    /// How many kinds of faults they have.
    pub(crate) fn kinds(&self) -> usize {
        let entries = self.quiet_entries.iter().chain(&self.busy_entries);
        entries.filter_map(|entry| entry.fault).map(Fault::name).collect::<BTreeSet<_>>().len()
    }

    /// Those that every reload changes, as they are now.
    pub(crate) fn changing(&self) -> Vec<Entry> {
        (0..self.changing)
            .map(|at| Entry {
                target: format!("changing-{at}"),
                host: format!("changing-{at}-{}.sim.test", self.generation),
                fault: None,
                secure: false,
                alone: true,
            })
            .collect()
    }

    /// Both simulators' counts, the quiet one's first.
    pub(crate) async fn counts(&self, client: &Client) -> Result<[Counts; 2]> {
        Ok([self.quiet.counts(client).await?, self.busy.counts(client).await?])
    }

    /// The next config, in which a hundredth of the targets have changed.
    pub(crate) fn change(&mut self, plan: &Plan, file: &Path) -> Result<()> {
        self.generation += 1;
        self.write(plan, file)
    }

    /// Writes the config.
    pub(crate) fn write(&self, plan: &Plan, file: &Path) -> Result<()> {
        let Plan { interval, timeout, last, .. } = plan;
        let [interval, timeout, last] = [interval, timeout, last].map(std::time::Duration::as_secs_f64);
        let mut text = format!(
            "resolvers:\n  quiet: {{ address: \"udp://{}\" }}\n  busy: {{ address: \"udp://{}\" }}\n\
             routes: {{ quiet: {{ proxy: \"http://{}\" }}, busy: {{ proxy: \"http://{}\" }} }}\n\
             control: []\nhistory: {{ persist: {} }}\n\
             defaults: {{ interval: {interval}s, timeout: {timeout}s, diagnosis: {{ follow_ups: false }} }}\ntargets:\n",
            self.quiet.dns, self.busy.dns, self.quiet.proxy, self.busy.proxy, plan.store,
        );
        for entry in &self.quiet_entries {
            target(&mut text, entry, &self.quiet, "quiet", "")?;
        }
        for entry in &self.busy_entries {
            target(&mut text, entry, &self.busy, "busy", ", diagnosis: { follow_ups: true }")?;
        }
        for entry in self.changing() {
            target(&mut text, &entry, &self.busy, "busy", "")?;
        }
        let entry = Entry {
            target: LAST.to_owned(),
            host: format!("{LAST}.sim.test"),
            fault: None,
            secure: false,
            alone: false,
        };
        target(&mut text, &entry, &self.busy, "busy", &format!(", interval: {last}s, timeout: {last}s"))?;
        let next = file.with_extension("next");
        std::fs::write(&next, text)?;
        Ok(std::fs::rename(next, file)?)
    }
}

/// A target over IPv4, one path each.
fn target(text: &mut String, entry: &Entry, peer: &Peer, name: &str, more: &str) -> Result<()> {
    let Entry { target, host, fault, secure, .. } = entry;
    let port = |address: &str| address.rsplit(':').next().unwrap_or_default().to_owned();
    let by = match fault {
        Some(fault) if fault.layer() == "proxy" => format!("routes: [{name}]"),
        Some(_) | None => format!("families: [ipv4], resolvers: [{name}], expected_networks: []"),
    };
    let ca = peer.ca.display();
    let url = if *secure {
        // Where there is a dialect, it knows what to call.
        let path = if fault.is_none() { "/ok" } else { "" };
        format!("https://{host}:{}{path}", port(&peer.api))
    } else {
        format!("http://{host}:{}/ok", port(&peer.plain))
    };
    let call = match fault {
        // Money that is not real, and enough of it for days.
        Some(fault) if fault.name().starts_with("stream-") => {
            "provider: anthropic, api_key: { env: SOAK_KEY }, call: { kind: stream, max_daily_cost_usd: 100000 }"
        }
        Some(_) => "provider: anthropic",
        None => "provider: http",
    };
    // Every other one of those over TLS.
    let version = match (fault, *secure, target.ends_with(['0', '2', '4', '6', '8'])) {
        (None, true, true) => ", http: { version: h1 }",
        (None, true, false) => ", http: { version: h2 }",
        _ => "",
    };
    writeln!(
        text,
        "  - {{ name: {target}, url: \"{url}\", {call}, {by}, tls: {{ ca_file: {ca} }}{version}{more} }}"
    )?;
    Ok(())
}
