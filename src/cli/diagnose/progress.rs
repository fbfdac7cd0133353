//! What is being done, on the terminal, while it is: a line for each target on standard error, gone at the end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::app::Progress;
use crate::diagnosis::{self, Language, Phrase};
use crate::units::PromDuration;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// The lines.
#[derive(Debug)]
pub(super) struct Spinners {
    language: Language,
    lines: MultiProgress,
    of: Mutex<HashMap<Arc<str>, ProgressBar>>,
}

impl Spinners {
    pub(super) fn new(language: Language) -> Self {
        Self { language, lines: MultiProgress::new(), of: Mutex::default() }
    }

    /// Shows how far the work is.
    pub(super) fn show(&self, progress: &Progress) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let (target, words) = match progress {
            Progress::Walking(target) => (target, Phrase::Walking.told(self.language).to_owned()),
            Progress::Trying(target, experiment) => {
                let experiment = diagnosis::experiment(*experiment, self.language);
                (target, Phrase::Trying.fill(self.language, &[("experiment", experiment)]))
            }
            Progress::Holding(target, held) => {
                let held = PromDuration(*held).to_string();
                (target, Phrase::Holding.fill(self.language, &[("held", &held)]))
            }
            Progress::Done(target) => {
                if let Some(line) = of.remove(target) {
                    line.finish_and_clear();
                }
                return;
            }
        };
        let line = of.entry(Arc::clone(target)).or_insert_with(|| {
            let line = ProgressBar::new_spinner().with_prefix(target.to_string());
            // Shown only once it says something.
            let line = self.lines.add(line.with_message(words.clone()));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {wide_msg}") {
                line.set_style(style);
            }
            line.enable_steady_tick(TURN);
            line
        });
        line.set_message(words);
    }
}
