//! Where targets come from beside the config: its files of targets, and the sources it names.
//!
//! Promises: what cannot be used changes nothing, is told once until it is something else, and is in the metrics; what is
//! in force of a list stays until there is a good one, or its file is gone; a reload reads everything anew.

mod fetch;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock;
use crate::config::{Arranged, Candidate, Config, Env, ListText, TargetList};
use crate::metrics::{Metrics, SourceState};
use fetch::Answer;
use watch::Snapshot;

/// What was found out about the lists.
#[derive(Debug)]
pub(super) enum News {
    /// The files as they are, or where they cannot be looked for and why.
    Files(Result<Snapshot, (String, String)>),
    /// What a source said.
    Answer(Arc<str>, Answer),
}

/// A list, by what was last seen of it.
#[derive(Debug, Default)]
struct Held {
    /// Its last text; absent before the first, and where that was wrong and there is none now.
    text: Option<ListText>,
    /// Whether the text is to be made targets of: it is new, or it was wrong.
    pending: bool,
    /// What was told to be wrong; absent while nothing is.
    problem: Option<String>,
    /// When it was last right.
    good_at: Option<SystemTime>,
}

/// All lists beside the config.
#[derive(Debug)]
pub(super) struct Sources {
    env: Env,
    metrics: Arc<Metrics>,
    files: BTreeMap<Arc<str>, Held>,
    /// In the order of the config.
    urls: Vec<(Arc<str>, Held)>,
    news: mpsc::Receiver<News>,
    /// Held as well, so that there is no end of news.
    tell: mpsc::Sender<News>,
    tasks: JoinSet<()>,
}

/// What is to be done about news: a list for each that is there, in the order of their targets.
#[derive(Debug)]
pub(super) struct Work {
    lists: Vec<(Arc<str>, Option<ListText>)>,
    env: Env,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) config: Config,
    /// For each list that was to be another: what is wrong with it, if anything.
    pub(super) results: Vec<(Arc<str>, Option<String>)>,
}

// === impl Work ===

impl Work {
    /// Makes a config of it. Reads the files that the lists name.
    pub(super) fn merge(self, current: &Config) -> Merged {
        let mut before: HashMap<Arc<str>, TargetList> =
            current.lists.iter().map(|list| (Arc::clone(list.origin()), list.clone())).collect();
        let mut results: Vec<(Arc<str>, Option<String>)> = Vec::new();
        let mut candidates = Vec::new();
        let mut origins = Vec::new();
        for (origin, text) in self.lists {
            let before = before.remove(&origin);
            let now = text.and_then(|text| match current.list(&text, &self.env) {
                Ok(list) => {
                    results.push((Arc::clone(&origin), None));
                    Some(list)
                }
                Err(problems) => {
                    results.push((Arc::clone(&origin), Some(problems.to_string())));
                    None
                }
            });
            origins.push(origin);
            candidates.push(Candidate { before, now });
        }
        let config = arranged(current, candidates, &origins, &mut results);
        Merged { config, results }
    }
}

/// The config with those of the lists that fit beside each other, and what is wrong with the others.
fn arranged(
    config: &Config,
    candidates: Vec<Candidate>,
    origins: &[Arc<str>],
    results: &mut Vec<(Arc<str>, Option<String>)>,
) -> Config {
    let mut lists = Vec::new();
    for (Arranged { list, problems }, origin) in config.arrange(candidates).into_iter().zip(origins) {
        lists.extend(list);
        if let Some(problems) = problems {
            results.retain(|(other, _)| other != origin);
            results.push((Arc::clone(origin), Some(problems.to_string())));
        }
    }
    config.with_lists(lists)
}

/// What a source last answered, to be read again beside another config.
pub(super) type Answers = HashMap<Arc<str>, Arc<str>>;

/// A config that was just loaded, with what its sources last answered. Reads the files that the lists name.
pub(super) fn carried(loaded: &Config, current: &Config, answers: &Answers, env: &Env) -> Merged {
    let mut results = Vec::new();
    let settled = |list: TargetList| Candidate { before: Some(list), now: None };
    let mut origins: Vec<Arc<str>> = loaded.lists.iter().map(|list| Arc::clone(list.origin())).collect();
    let mut candidates: Vec<Candidate> = loaded.lists.iter().cloned().map(settled).collect();
    for source in &loaded.sources {
        let origin: Arc<str> = source.endpoint.shown().into();
        let text = answers.get(&origin).map(|text| source.list_text(Arc::clone(text)));
        let list = text.and_then(|text| match loaded.list(&text, env) {
            Ok(list) => Some(list),
            Err(problems) => {
                results.push((Arc::clone(&origin), Some(problems.to_string())));
                None
            }
        });
        // What was made of an answer stays only where the source is trusted as it was.
        let stays = || {
            current
                .sources
                .contains(source)
                .then(|| current.lists.iter().find(|list| *list.origin() == origin).cloned())?
        };
        let Some(list) = list.or_else(stays) else { continue };
        origins.push(origin);
        candidates.push(settled(list));
    }
    let config = arranged(loaded, candidates, &origins, &mut results);
    Merged { config, results }
}

// === impl Sources ===

impl Sources {
    /// Those of a config, watched and asked from now on; to be called within the runtime.
    pub(super) fn new(config: &Config, env: Env, metrics: Arc<Metrics>) -> Self {
        let (tell, news) = mpsc::channel(16);
        let (files, urls) = (BTreeMap::new(), Vec::new());
        let mut sources = Self { env, metrics, files, urls, news, tell, tasks: JoinSet::new() };
        sources.follow(config, Vec::new());
        sources
    }

    /// What is new next.
    pub(super) async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            // Cannot be, since we hold a sender.
            None => std::future::pending().await,
        }
    }

    /// What the sources last answered.
    pub(super) fn answers(&self) -> Answers {
        let text = |(origin, held): &(Arc<str>, Held)| {
            Some((Arc::clone(origin), Arc::clone(&held.text.as_ref()?.text)))
        };
        self.urls.iter().filter_map(text).collect()
    }

    /// These are the files and sources from now on, all of them read anew; the config was just loaded, so that its files are
    /// right.
    pub(super) fn follow(&mut self, config: &Config, results: Vec<(Arc<str>, Option<String>)>) {
        let now = clock::wall();
        let mut before: HashMap<Arc<str>, Held> = std::mem::take(&mut self.urls).into_iter().collect();
        self.urls = config
            .sources
            .iter()
            .map(|source| {
                let origin: Arc<str> = source.endpoint.shown().into();
                let mut held = before.remove(&origin).unwrap_or_default();
                held.text = held.text.map(|known| source.list_text(known.text));
                (origin, held)
            })
            .collect();
        let of_sources = |origin: &Arc<str>| self.urls.iter().any(|(url, _)| url == origin);
        let files = config.lists.iter().filter(|list| !of_sources(list.origin()));
        self.files = files
            .map(|list| {
                let origin = list.origin();
                let text = crate::config::text_of(origin.as_ref().as_ref(), Arc::clone(list.text()));
                (Arc::clone(origin), Held { text: Some(text), good_at: Some(now), ..Held::default() })
            })
            .collect();
        // What the tasks of before have told is of another config.
        (self.tell, self.news) = mpsc::channel(16);
        self.tasks = JoinSet::new();
        if !config.files.is_empty() {
            self.tasks.spawn(watch::watch(config.files.clone(), self.tell.clone()));
        }
        for source in &config.sources {
            let origin = source.endpoint.shown().into();
            self.tasks.spawn(fetch::fetch(source.clone(), origin, self.tell.clone()));
        }
        self.done(config, results);
    }

    /// Takes in what is new; what is to be done about it, if anything.
    pub(super) fn take(&mut self, news: News, current: &Config) -> Option<Work> {
        let work = match news {
            News::Files(Ok(snapshot)) => self.take_files(snapshot),
            News::Files(Err((what, error))) => {
                self.file(&what.into()).unreadable(&error);
                false
            }
            News::Answer(origin, answer) => self.take_answer(&origin, answer, current),
        };
        if !work {
            self.publish(current);
            return None;
        }
        // All that is wrong is tried again: what it clashed with may be gone, and what it names may be there.
        let text = |held: &Held| held.text.clone().filter(|_| held.pending);
        let files = self.files.iter().map(|(origin, held)| (Arc::clone(origin), text(held)));
        let urls = self.urls.iter().map(|(origin, held)| (Arc::clone(origin), text(held)));
        Some(Work { lists: files.chain(urls).collect(), env: self.env.clone() })
    }

    fn file(&mut self, origin: &Arc<str>) -> Named<'_> {
        let held = self.files.entry(Arc::clone(origin)).or_default();
        Named { origin: Arc::clone(origin), held }
    }

    fn take_files(&mut self, snapshot: Snapshot) -> bool {
        let before = self.files.len();
        self.files.retain(|origin, _| snapshot.contains_key(origin));
        let mut work = self.files.len() != before;
        for (origin, text) in snapshot {
            let mut file = self.file(&origin);
            match text {
                Ok(text) => work |= file.text(text),
                Err(error) => file.unreadable(&error),
            }
        }
        work
    }

    fn take_answer(&mut self, origin: &Arc<str>, answer: Answer, current: &Config) -> bool {
        let source = current.sources.iter().find(|source| *source.endpoint.shown() == **origin);
        let held = self.urls.iter_mut().find(|(known, _)| known == origin);
        let (Some(source), Some((_, held))) = (source, held) else { return false };
        let mut url = Named { origin: Arc::clone(origin), held };
        match answer {
            Answer::List(text) => url.text(source.list_text(text)),
            Answer::Same => match url.held.text.clone() {
                Some(text) => url.text(text),
                None => false,
            },
            Answer::Failed(words) => {
                url.unreadable(&words);
                false
            }
        }
    }

    /// Takes in what became of work, and tells it.
    pub(super) fn done(&mut self, current: &Config, results: Vec<(Arc<str>, Option<String>)>) {
        for (origin, problem) in results {
            let held = match self.urls.iter_mut().find(|(url, _)| *url == origin) {
                Some((_, held)) => Some(held),
                None => self.files.get_mut(&origin),
            };
            let Some(held) = held else { continue };
            let mut list = Named { origin, held };
            match problem {
                Some(problem) => list.wrong(&problem),
                None => list.good(),
            }
        }
        self.publish(current);
    }

    /// Takes in that a change could not be made at all, so that every list that was new is wrong.
    pub(super) fn failed(&mut self, current: &Config, results: Vec<(Arc<str>, Option<String>)>, why: &str) {
        let failed =
            |(origin, problem): (_, Option<String>)| (origin, problem.or_else(|| Some(why.to_owned())));
        self.done(current, results.into_iter().map(failed).collect());
    }

    fn publish(&self, current: &Config) {
        let lists: HashMap<_, _> = current.lists.iter().map(|list| (list.origin(), list)).collect();
        let urls = self.urls.iter().map(|(origin, held)| (origin, held));
        let states = self.files.iter().chain(urls).map(|(origin, held)| SourceState {
            source: Arc::clone(origin),
            up: match (&held.problem, held.good_at) {
                (Some(_), _) => Some(false),
                (None, Some(_)) => Some(true),
                (None, None) => None,
            },
            targets: lists.get(origin).map_or(0, |list| list.len()),
            good_at: held.good_at,
        });
        self.metrics.program().sources(&states.collect::<Vec<_>>());
    }
}

/// A list and where it is from.
struct Named<'a> {
    origin: Arc<str>,
    held: &'a mut Held,
}

impl Named<'_> {
    /// It reads so now; whether anything is to be made of that.
    fn text(&mut self, text: ListText) -> bool {
        if self.held.text.as_ref().is_none_or(|known| known.text != text.text) {
            // What was told of it was of another text: this one's problems are told even if they are the same.
            self.held.problem = self.held.problem.take().map(|_| String::new());
            self.held.text = Some(text);
            self.held.pending = true;
        } else if !self.held.pending {
            self.good();
        }
        self.held.pending
    }

    /// It cannot be read.
    fn unreadable(&mut self, words: &str) {
        if std::mem::take(&mut self.held.pending) {
            self.held.text = None;
        }
        self.trouble(words);
    }

    /// What it reads cannot be used.
    fn wrong(&mut self, words: &str) {
        self.held.pending = true;
        self.trouble(words);
    }

    fn trouble(&mut self, words: &str) {
        if self.held.problem.as_deref() != Some(words) {
            tracing::error!(
                source = %self.origin, problems = %words,
                "a list of targets cannot be used, what it gave before stays"
            );
        }
        self.held.problem = Some(words.to_owned());
    }

    /// It is right.
    fn good(&mut self) {
        self.held.pending = false;
        self.held.good_at = Some(clock::wall());
        if self.held.problem.take().is_some() {
            tracing::info!(source = %self.origin, "a list of targets can be used again");
        }
    }
}
