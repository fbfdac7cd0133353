//! Whether the program stays as it is under load, and counts right: `cargo bench --bench soak -- --minutes 60`.
//!
//! The program watches simulated providers at 500 journeys a second, of which a tenth have a fault, every kind that the
//! simulator has; the others are healthy (plain HTTP, and TLS with HTTP/1.1 and HTTP/2). Meanwhile it is scraped every 15 s
//! as Prometheus does it, its pages are looked at, an event stream is kept open, and every five minutes a reload changes
//! one target in a hundred. `--rate N` is another number of journeys a second, `--no-store` keeps the history in memory
//! only. Where there are two CPUs, it has the second one and everybody else the first.
//!
//! **Steady**: after a warm-up (ten minutes, a third of the whole at most), memory grows by no more than 2 % or 2 MiB an
//! hour, by least squares; the medians of descriptors and threads in the last quarter are no more than the most of the first.
//!
//! **Exact**: what the canary counted is what the simulator counted, for every target and host. Both change all the time,
//! so they are compared at a moment at which nothing can: one more target's API never answers, and its timeout is longer than
//! all others'. As soon as the simulator has its request, the canary is told to stop (SIGTERM). It starts nothing more,
//! finishes what is under way, publishes it, and goes on answering scrapes until that last run is over. The others are over
//! by their own timeout; two scrapes in a row that say the same, with nothing new at the simulators between them, are the end
//! of counting. A target that a reload changed counts from then on, and has a host that nobody has asked for before, so that
//! it is compared too. Those that are looked into after failures are asked for more than their journeys say: of them the
//! canary must not have counted more than the simulator. There is no tolerance: a mismatch ends the bench with an error.
//! One thing is no mismatch. Where a timeout cuts off a journey that mostly goes otherwise (a machine that is too busy),
//! its request may never be read, or its answer never come: the sides may differ by as many as there were such journeys
//! of this target, and each that does is told. On a machine that has time there are none, and all is equal.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/canary.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod canary;
#[path = "../shared/harness.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod harness;
mod ledger;
#[path = "../shared/place.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod place;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod process;
mod steady;
mod world;

use std::error::Error;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use api_canary::net;
use api_canary::simulate::{Counts, Fault};
use flate2::read::GzDecoder;
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep, sleep_until};

use canary::{Canary, PROGRAM, Samples};
use harness::is_smoke;
use ledger::Ledger;
use place::PROBER;
use steady::{Look, MIB};
use world::{LAST, World, placed};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How much is done.
pub(crate) struct Plan {
    pub(crate) targets: usize,
    /// Of a hundred targets, those with a fault.
    pub(crate) faulty: usize,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    /// The timeout, and interval, of the target whose run holds up the end.
    pub(crate) last: Duration,
    duration: Duration,
    look: Duration,
    /// Each so many looks there is a line of how it goes.
    told_each: usize,
    reload: Duration,
    /// Whether the history is written down.
    pub(crate) store: bool,
    pub(crate) pinned: bool,
}

/// What is shorter says nothing of growth.
const LONG_ENOUGH: Duration = Duration::from_secs(20 * 60);

/// Lines of a kind that are printed.
const MOST_TOLD: usize = 50;

/// A scrape as Prometheus makes it.
struct Scrape {
    text: String,
    took: Duration,
    /// As they came over the wire.
    bytes: usize,
}

/// A stream of events that is kept open.
struct Stream {
    bytes: Arc<AtomicU64>,
    open: Arc<AtomicBool>,
}

fn main() -> Result<()> {
    let plan = plan()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(soak(&plan))
}

fn plan() -> Result<Plan> {
    let seconds = Duration::from_secs;
    if is_smoke() {
        return Ok(Plan {
            targets: 150,
            faulty: 72,
            interval: seconds(3),
            timeout: seconds(2),
            last: seconds(4),
            duration: seconds(7),
            look: seconds(1),
            told_each: 3,
            reload: seconds(2),
            store: true,
            pinned: false,
        });
    }
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name, usual| number(&arguments, name, usual);
    let interval = 5;
    Ok(Plan {
        targets: usize::try_from(number("--rate", 500)? * interval)?,
        faulty: 10,
        interval: seconds(interval.into()),
        timeout: seconds(3),
        last: seconds(9),
        duration: seconds(60) * number("--minutes", 10)?,
        look: seconds(15),
        told_each: 20,
        reload: seconds(300),
        store: !arguments.iter().any(|argument| argument == "--no-store"),
        pinned: std::thread::available_parallelism().is_ok_and(|cpus| cpus.get() > 1),
    })
}

/// The number behind an argument.
fn number(arguments: &[String], name: &str, usual: u32) -> Result<u32> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(usual) };
    let text = arguments.get(at + 1).ok_or_else(|| format!("{name} wants a number"))?;
    Ok(text.parse().map_err(|error| format!("{name} {text}: {error}"))?)
}

async fn soak(plan: &Plan) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let client = net::client(net::public_tls()?).no_proxy().build()?;
    let mut world = World::new(plan, directory.path(), &client).await?;
    let config = directory.path().join("config.yml");
    world.write(plan, &config)?;
    head(plan, &world);
    let mut command = placed(plan, PROBER, PROGRAM);
    command.arg(format!("--state.directory={}", directory.path().join("state").display()));
    command.env("SOAK_KEY", "sk-ant-sim-valid");
    let mut canary = Canary::start_by(command, &config)?;
    let stream = Stream::open(&client, &canary);
    let (start, mut looks, mut reloads) = (Instant::now(), Vec::new(), 0);
    let mut next_reload = plan.reload;
    while start.elapsed() < plan.duration {
        let at = plan.look * u32::try_from(looks.len() + 1)?;
        sleep_until(start + at.min(plan.duration)).await;
        looks.push(look(&client, &canary, start).await?);
        if start.elapsed() >= next_reload && plan.duration > next_reload {
            next_reload += plan.reload;
            world.change(plan, &config)?;
            signal(&canary, Signal::HUP)?;
            reloads += 1;
        }
        progress(plan, &looks);
    }
    let bytes = stream.check(plan)?;
    let last = looks.last().ok_or("nothing was looked at")?.clone();
    let (exposition, counts, held) = stop(plan, &world, &client, &mut canary).await?;
    let mut ledger = Ledger::default();
    let told = ledger::read(&exposition);
    let [quiet, busy] = &counts;
    ledger.compare(&world.quiet_entries, &told, quiet);
    ledger.connections(&world.quiet_entries, &told, quiet);
    let changing = world.changing();
    ledger.compare(&[world.busy_entries.as_slice(), &changing].concat(), &told, busy);
    println!(
        "{reloads} reloads, each of {} targets; {bytes} bytes of events over one stream",
        changing.len()
    );
    println!("once nothing but one run was under way: {held} descriptors\n");
    let samples = Samples::read(exposition);
    let flat = report_steady(&looks, plan);
    report_load(plan, &last, &samples);
    report_ledger(&ledger)?;
    if flat || plan.duration < LONG_ENOUGH { Ok(()) } else { Err("not steady".into()) }
}

fn head(plan: &Plan, world: &World) {
    let (targets, faulty) = world.size();
    println!(
        "{targets} targets every {} s, {faulty} of them with {} of {} kinds of faults, for {:.1} min; history {}; {}",
        plan.interval.as_secs_f64(),
        world.kinds(),
        Fault::ALL.len(),
        plan.duration.as_secs_f64() / 60.0,
        if plan.store { "written down" } else { "in memory" },
        if plan.pinned { "a CPU of its own" } else { "no CPU of its own" },
    );
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cpus} CPUs, Linux {}, load before {}", kernel.trim(), load.trim());
}

/// A line now and then, so that somebody who waits sees something.
fn progress(plan: &Plan, looks: &[Look]) {
    if let Some(look) = looks.last().filter(|_| looks.len().is_multiple_of(plan.told_each)) {
        println!(
            "{:>6.1} min: {:.1} MiB, {} descriptors, {} threads, {} in flight, {} journeys, {} skipped, CPU {:.2}",
            look.at.as_secs_f64() / 60.0,
            look.holds.resident / MIB,
            look.holds.descriptors,
            look.holds.threads,
            look.in_flight,
            look.journeys,
            look.skipped,
            look.cpu / look.at.as_secs_f64(),
        );
    }
}

/// A scrape, and all else that is asked of a canary that somebody watches.
async fn look(client: &Client, canary: &Canary, start: Instant) -> Result<Look> {
    let scraped = scrape(client, canary).await?;
    for page in ["/", "/api/v1/targets"] {
        let response = client.get(format!("http://{}{page}", canary.address())).send().await?;
        response.error_for_status()?.bytes().await?;
    }
    let (holds, cpu) = (canary.process().holds()?, canary.process().cpu()?);
    let samples = Samples::read(scraped.text);
    let sum = |name| samples.values(name, "").sum::<f64>();
    if sum("api_canary_config_last_reload_successful") < 0.5 {
        return Err("a reload failed".into());
    }
    Ok(Look {
        at: start.elapsed(),
        holds,
        cpu: cpu.as_secs_f64(),
        in_flight: sum("api_canary_probes_in_flight"),
        skipped: sum("api_canary_runs_skipped_total"),
        journeys: sum("probe_runs_total"),
        history: sum("api_canary_history_bytes"),
        scrape: scraped.took.as_secs_f64(),
        bytes: steady::count(scraped.bytes),
    })
}

async fn scrape(client: &Client, canary: &Canary) -> Result<Scrape> {
    let start = Instant::now();
    let request = client
        .get(format!("http://{}/metrics", canary.address()))
        .header("accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
        .header("accept-encoding", "gzip");
    let packed = request.send().await?.error_for_status()?.bytes().await?;
    let took = start.elapsed();
    let mut text = String::new();
    GzDecoder::new(packed.as_ref()).read_to_string(&mut text)?;
    Ok(Scrape { text, took, bytes: packed.len() })
}

fn signal(canary: &Canary, signal: Signal) -> Result<()> {
    let process = Pid::from_raw(i32::try_from(canary.process().id())?).ok_or("no process")?;
    Ok(kill_process(process, signal)?)
}

/// Stops it, and takes its last word and the simulators' when nothing changes any more; how many descriptors it held then.
async fn stop(
    plan: &Plan,
    world: &World,
    client: &Client,
    canary: &mut Canary,
) -> Result<(String, [Counts; 2], usize)> {
    let asked = |counts: &[Counts; 2], host: &str| counts[1].hosts.get(host).map_or(0, |host| host.requests);
    let last = format!("{LAST}.sim.test");
    let changing = world.changing();
    let start = Instant::now();
    let mut before = u64::MAX;
    loop {
        let counts = world.counts(client).await?;
        // Each that changed has to have run since, for its series are those of before until then.
        let all = changing.iter().all(|entry| asked(&counts, &entry.host) > 0);
        let now = asked(&counts, &last);
        if all && now > before {
            break;
        }
        // Runs that began before all had changed are too old.
        before = now;
        if start.elapsed() > plan.last * 6 {
            return Err("the last target does not run".into());
        }
        sleep(Duration::from_millis(30)).await;
    }
    signal(canary, Signal::TERM)?;
    let signalled = Instant::now();
    let settle = plan.timeout + Duration::from_millis(500);
    sleep(settle).await;
    let mut known = None;
    let (text, counts, held) = loop {
        let scraped = scrape(client, canary).await.map_err(|error| {
            let waited = signalled.elapsed().as_secs_f64();
            format!("{waited:.1} s after the signal nothing had settled: {error:?}")
        });
        let text = scraped?.text;
        let now = (ledger::read(&text), world.counts(client).await?);
        if known.as_ref() == Some(&now) {
            break (text, now.1, canary.process().holds()?.descriptors);
        }
        known = Some(now);
        sleep(Duration::from_millis(250)).await;
    };
    let status = canary.process_mut().child().wait()?;
    if !status.success() {
        return Err(format!("it ended with {status}").into());
    }
    if world.counts(client).await? != counts {
        return Err("something was asked after all runs were over".into());
    }
    Ok((text, counts, held))
}

impl Stream {
    fn open(client: &Client, canary: &Canary) -> Self {
        let stream = Self { bytes: Arc::default(), open: Arc::new(AtomicBool::new(true)) };
        let request = client.get(format!("http://{}/api/v1/events", canary.address()));
        let (bytes, open) = (Arc::clone(&stream.bytes), Arc::clone(&stream.open));
        tokio::spawn(async move {
            if let Ok(mut response) = request.send().await {
                while let Ok(Some(chunk)) = response.chunk().await {
                    bytes.fetch_add(u64::try_from(chunk.len()).unwrap_or_default(), Ordering::Relaxed);
                }
            }
            open.store(false, Ordering::Relaxed);
        });
        stream
    }

    /// It is open still, and something came; how many bytes.
    fn check(&self, plan: &Plan) -> Result<u64> {
        let bytes = self.bytes.load(Ordering::Relaxed);
        // Who reads too slowly would be hung up on.
        if !self.open.load(Ordering::Relaxed) || (bytes == 0 && plan.faulty > 0) {
            return Err(format!("the stream of events ended, or was silent: {bytes} bytes").into());
        }
        Ok(bytes)
    }
}

/// Whether all is flat that must be.
fn report_steady(looks: &[Look], plan: &Plan) -> bool {
    let (warm, courses) = steady::courses(looks);
    println!(
        "| after {:.1} min | first quarter | last quarter | slope an hour | |",
        warm.as_secs_f64() / 60.0
    );
    println!("|---|---|---|---|---|");
    for course in &courses {
        let verdict = match course.flat {
            _ if plan.duration < LONG_ENOUGH => "",
            Some(true) => "flat",
            Some(false) => "**grows**",
            None => "",
        };
        println!(
            "| {} | {:.2} | {:.2} | {:+.2} | {verdict} |",
            course.name, course.first, course.last, course.slope
        );
    }
    if plan.duration < LONG_ENOUGH {
        println!("(too short to say anything of growth: see with `--minutes 60`)");
    }
    println!();
    courses.iter().all(|course| course.flat != Some(false))
}

fn report_load(plan: &Plan, last: &Look, samples: &Samples) {
    let seconds = last.at.as_secs_f64();
    println!("| load | |\n|---|---|");
    let wanted = steady::count(plan.targets) / plan.interval.as_secs_f64();
    println!("| journeys a second (wanted) | {:.1} ({wanted:.1}) |", last.journeys / seconds);
    println!("| CPU time a second | {:.3} |", last.cpu / seconds);
    println!("| most memory, MiB | {:.1} |", last.holds.peak / MIB);
    println!("| runs skipped | {} |", last.skipped);
    println!("| scrape, gzip, MiB | {:.2} |", last.bytes / MIB);
    for (what, name) in [
        ("start behind schedule", "api_canary_schedule_lag_seconds"),
        ("timer behind time", "api_canary_event_loop_lag_seconds"),
    ] {
        let buckets = samples.buckets(name);
        let within = |part: f64| {
            let all = buckets.last().map_or(0.0, |(_, count)| *count);
            buckets.iter().find(|(_, count)| *count >= all * part).map_or(f64::NAN, |(bound, _)| *bound)
        };
        println!("| {what}, p50 and p99 within, ms | {}, {} |", within(0.5) * 1e3, within(0.99) * 1e3);
    }
    println!();
}

fn report_ledger(ledger: &Ledger) -> Result<()> {
    println!("| counted | comparisons | canary | other end |\n|---|---|---|---|");
    for (what, sums) in &ledger.compared {
        println!("| {what} | {} | {} | {} |", sums.comparisons, sums.canary, sums.other_end);
    }
    println!();
    println!("{} journeys ended in another way than they must", ledger.unusual);
    for explained in ledger.explained.iter().take(MOST_TOLD) {
        println!("explained by those and by queries sent again: {explained}");
    }
    if ledger.mismatches.is_empty() {
        let differences = ledger.explained.len();
        println!("every counter adds up, {differences} of them not without such journeys");
        return Ok(());
    }
    for mismatch in ledger.mismatches.iter().take(MOST_TOLD) {
        println!("MISMATCH {mismatch}");
    }
    Err(format!("{} counters do not add up", ledger.mismatches.len()).into())
}
