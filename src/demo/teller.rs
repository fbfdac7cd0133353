//! What the demo tells on the terminal: plain words, each line with the time since the start.
//!
//! Promises: who reads along needs to know nothing of the program; without colour there is no escape in it.

use std::fmt::Write as _;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use tokio::time::Instant;

use super::DemoError;
use super::receiver::{Page, is_urgent};
use super::scene::{ACTORS, Scene};
use crate::diagnosis::{Diagnosis, Language, Verdict, blame, layer};

/// Where what follows from a fault begins.
const UNDER: &str = "          ";

/// Where it is told.
pub(super) type Out = Box<dyn Write + Send>;

/// Tells.
pub(super) struct Teller {
    since: Instant,
    colour: bool,
    out: Mutex<Out>,
}

impl Teller {
    pub(super) fn new(out: Out, colour: bool) -> Self {
        Self { since: Instant::now(), colour, out: Mutex::new(out) }
    }

    /// What this is, and where to look.
    pub(super) fn greeting(
        &self,
        canary: SocketAddr,
        pagers: Option<&[String; 2]>,
        by_hand: &str,
    ) -> Result<(), DemoError> {
        let mut text =
            self.bold("api-canary demo: an LLM API breaks in every way it can, and a canary says why.");
        text.push_str(
            "\nAll of it is on this machine: the API is simulated, there is no key and no internet. Ctrl-C ends it.\n\n",
        );
        let mut link = |what: &str, link: &str| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {what:<22}{link}");
        };
        link("the canary", &format!("http://{canary}/"));
        link("its metrics", &format!("http://{canary}/metrics"));
        link("its diagnoses, live", &format!("curl -N http://{canary}/api/v1/events"));
        if let Some([prometheus, alertmanager]) = pagers {
            link("Prometheus", prometheus);
            link("Alertmanager", alertmanager);
        }
        link("break one yourself", &format!("curl -X PUT '{by_hand}'"));
        text.push_str("\nIt calls each of these every 2 s:\n\n");
        for actor in ACTORS {
            let _ = writeln!(text, "  {:<22}{}", actor.name, actor.about);
        }
        text.push('\n');
        self.write(&text)
    }

    /// That the first look at all of them is over.
    pub(super) fn begun(&self, scenes: usize, each: Duration) -> Result<(), DemoError> {
        let least = each.as_secs_f64();
        let (faults, lasts) = match scenes {
            1 => ("One fault follows".to_owned(), "it lasts"),
            more => (format!("{more} faults follow"), "each lasts"),
        };
        self.line(&format!(
            "Every target was called. {faults}; {lasts} until the canary has said why, and {least} s at least."
        ))
    }

    /// That a fault is switched on.
    pub(super) fn switched_on(&self, scene: &Scene, number: usize, of: usize) -> Result<(), DemoError> {
        let Scene { actor, fault, like, .. } = scene;
        self.write("\n")?;
        let title = self.bold(&format!("{number}/{of}  {}: {}", actor.name, fault.summary()));
        self.line(&format!("{title}\n{UNDER}like {like}; the fault is {fault}"))
    }

    /// That it is switched off.
    pub(super) fn switched_off(&self, scene: &Scene) -> Result<(), DemoError> {
        self.line(&format!("   {} is switched off", scene.fault))
    }

    /// What the canary says now; `after` the fault was switched on or off, where that is what it is about.
    pub(super) fn diagnosis(&self, now: &Diagnosis, after: Option<Duration>) -> Result<(), DemoError> {
        let after = after.map_or_else(String::new, |after| format!(" ({:.1} s later)", after.as_secs_f64()));
        let target = &now.target;
        let (word, colour) = match now.verdict {
            Verdict::Ok => {
                let works = self.paint("WORKS", AnsiColor::Green);
                return self.line(&format!("   {works}  {target} works as it should{after}"));
            }
            Verdict::Degraded(_) => ("DEGRADED", AnsiColor::Yellow),
            Verdict::Down(_) => ("DOWN", AnsiColor::Red),
        };
        let [verdict, ..] = now.labels();
        let (word, summary) = (self.paint(word, colour), now.summary());
        let layer = now.layer.map_or("none", |which| layer(which, Language::English));
        let who = now.blame.map_or("nobody", |who| blame(who, Language::English));
        self.line(&format!(
            "   {word}  {target}: {summary}{after}\n{UNDER}layer {layer}, verdict {verdict}, who must act: {who}"
        ))
    }

    /// What somebody is paged with, or that it is over.
    pub(super) fn page(&self, page: &Page) -> Result<(), DemoError> {
        let word = match (page.is_over, is_urgent(&page.labels)) {
            (true, _) => self.paint("RESOLVED", AnsiColor::Green),
            (false, true) => self.paint("PAGE", AnsiColor::Magenta),
            (false, false) => self.paint("TICKET", AnsiColor::Cyan),
        };
        let mut text = format!("   {word}  {}", page.label("alertname").unwrap_or("an alert without a name"));
        for name in ["target", "layer", "blame"] {
            if let Some(value) = page.label(name) {
                let _ = write!(text, " {name}={value}");
            }
        }
        if !page.is_over {
            for said in [&page.summary, &page.runbook].into_iter().flatten() {
                let _ = write!(text, "\n{UNDER}{said}");
            }
        }
        self.line(&text)
    }

    /// That something else was said than was expected.
    pub(super) fn unexpected(&self, what: &str) -> Result<(), DemoError> {
        let word = self.paint("UNEXPECTED", AnsiColor::Red);
        self.line(&format!("   {word}  {what}"))
    }

    /// How a round went.
    pub(super) fn over(&self, scenes: usize, unexpected: usize) -> Result<(), DemoError> {
        let said = match (unexpected, scenes) {
            (0, 1) => "the canary said what the fault was.".to_owned(),
            (0, _) => format!("the canary said of all {scenes} faults what they were."),
            (1, _) => "once something else was said than was expected.".to_owned(),
            (times, _) => format!("{times} times something else was said than was expected."),
        };
        self.write("\n")?;
        self.line(&format!("{} {said}", self.bold("One round is over:")))
    }

    /// That a signal has come.
    pub(super) fn stopping(&self) -> Result<(), DemoError> {
        self.line("Stopping: everything ends, and the files go.")
    }

    fn line(&self, text: &str) -> Result<(), DemoError> {
        let seconds = self.since.elapsed().as_secs_f64();
        let (minutes, seconds) = ((seconds / 60.0).floor(), (seconds % 60.0).floor());
        self.write(&format!("{minutes:02}:{seconds:02}  {text}\n"))
    }

    fn write(&self, text: &str) -> Result<(), DemoError> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(DemoError::Output)
    }

    fn bold(&self, text: &str) -> String {
        self.style(text, Style::new().bold())
    }

    fn paint(&self, word: &str, colour: AnsiColor) -> String {
        // Padded outside of the escapes, so that columns stay.
        let padding = " ".repeat(8_usize.saturating_sub(word.len()));
        self.style(word, colour.on_default().bold()) + &padding
    }

    fn style(&self, text: &str, style: Style) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teller")
            .field("since", &self.since)
            .field("colour", &self.colour)
            .finish_non_exhaustive()
    }
}
