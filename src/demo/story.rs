//! The walk through the scenes: what is switched on, what is said of it, and whether that is what was expected.
//!
//! Promises: every wait is bounded; whatever is told meanwhile of anybody is told on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::DemoError;
use super::receiver::{Labels, Page, is_urgent};
use super::scene::{ACTORS, Actor, OLD, Scene};
use super::teller::Teller;
use super::world::World;
use crate::diagnosis::{Diagnosis, Verdict};
use crate::outcome::{Reason, Severity};
use crate::sinks::{Events, Subscription, Told};

/// How long the canary may take to say what it must, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a page may take beside that.
const PAGED: Duration = Duration::from_secs(60);

/// Whoever tells the story.
#[derive(Debug)]
pub(super) struct Story<'a> {
    world: &'a World,
    teller: &'a Teller,
    events: &'a Events,
    told: Subscription,
    pages: Option<&'a mut mpsc::Receiver<Page>>,
    each: Duration,
    known: Known,
}

/// What is known by now.
#[derive(Debug, Default)]
struct Known {
    /// What the canary says of each target.
    verdicts: BTreeMap<Arc<str>, Verdict>,
    /// The alerts somebody was paged with and that are not over.
    open: BTreeSet<Labels>,
    /// When the last fault was switched on or off, and whose.
    switched: Option<(Actor, Instant)>,
}

/// What may happen while one waits.
#[derive(Debug)]
enum Happening {
    Told(Arc<Told>),
    Missed,
    Paged(Page),
}

impl<'a> Story<'a> {
    pub(super) fn new(
        world: &'a World,
        teller: &'a Teller,
        events: &'a Events,
        pages: Option<&'a mut mpsc::Receiver<Page>>,
        each: Duration,
    ) -> Self {
        Self { world, teller, events, told: events.subscribe(), pages, each, known: Known::default() }
    }

    /// Tells it once, or over and over; in how many scenes of the last round something else was said than was expected.
    pub(super) async fn tell(mut self, scenes: &[Scene], once: bool) -> Result<usize, DemoError> {
        let mut unexpected = self.begin(scenes.len()).await?;
        loop {
            for (number, scene) in (1..).zip(scenes) {
                unexpected += usize::from(!self.play(scene, number, scenes.len()).await?);
            }
            self.teller.over(scenes.len(), unexpected)?;
            if once {
                return Ok(unexpected);
            }
            unexpected = 0;
        }
    }

    /// Waits for the first look at everybody; how much of it is not as expected.
    async fn begin(&mut self, scenes: usize) -> Result<usize, DemoError> {
        for told in std::mem::take(&mut self.told.state) {
            self.note(Happening::Told(told))?;
        }
        let sound = |known: &Known| {
            ACTORS.iter().all(|actor| {
                let expected = if *actor == OLD { Some(Reason::TlsCertExpiring) } else { None };
                known.verdict(*actor).is_some_and(|verdict| verdict.reason() == expected)
            })
        };
        let is_sound = self.until(PATIENCE, sound).await?;
        if !is_sound {
            self.teller.unexpected("not everything is as it should be before the first fault")?;
        }
        self.teller.begun(scenes, self.each)?;
        Ok(usize::from(!is_sound))
    }

    /// Whether the canary, and whoever pages, said what they must.
    async fn play(&mut self, scene: &Scene, number: usize, of: usize) -> Result<bool, DemoError> {
        let Scene { actor, expected, .. } = *scene;
        self.teller.switched_on(scene, number, of)?;
        self.world.switch_on(scene);
        let on = self.switched(actor);
        let is_said = self.until(PATIENCE, |known| known.reason(actor) == Some(expected)).await?;
        if !is_said {
            let said = self.known.verdict(actor).map_or("nothing", Verdict::label);
            self.teller.unexpected(&format!("{} is {said}, not {expected}", actor.name))?;
        }
        let mut as_expected = is_said;
        if self.pages.is_some() && expected.severity() == Severity::Down {
            let is_paged = self.until(PAGED, |known| known.pages(actor) > 0).await?;
            if !is_paged {
                self.teller.unexpected(&format!("nobody was paged for {}", actor.name))?;
            }
            as_expected &= is_paged;
        }
        self.until(self.each.saturating_sub(on.elapsed()), |_| false).await?;

        self.world.switch_off(scene);
        self.teller.switched_off(scene)?;
        self.switched(actor);
        let works = self.until(PATIENCE, |known| known.verdict(actor) == Some(Verdict::Ok)).await?;
        if !works {
            self.teller.unexpected(&format!("{} does not work again", actor.name))?;
        }
        let is_over = self.until(PAGED, |known| known.pages(actor) == 0).await?;
        if !is_over {
            self.teller.unexpected(&format!("a page for {} is not over", actor.name))?;
        }
        Ok(as_expected && works && is_over)
    }

    fn switched(&mut self, actor: Actor) -> Instant {
        let now = Instant::now();
        self.known.switched = Some((actor, now));
        now
    }

    /// Tells on what happens until it is enough, or so much time has passed; whether it was enough.
    async fn until(&mut self, time: Duration, enough: impl Fn(&Known) -> bool) -> Result<bool, DemoError> {
        let deadline = Instant::now() + time;
        while !enough(&self.known) {
            let happening = tokio::select! {
                () = tokio::time::sleep_until(deadline) => return Ok(false),
                told = self.told.changes.recv() => match told {
                    Ok(told) => Happening::Told(told),
                    Err(RecvError::Lagged(_)) => Happening::Missed,
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                page = next_page(self.pages.as_deref_mut()) => Happening::Paged(page),
            };
            self.note(happening)?;
        }
        Ok(true)
    }

    fn note(&mut self, happening: Happening) -> Result<(), DemoError> {
        match happening {
            Happening::Told(told) => self.note_diagnosis(&told.diagnosis),
            Happening::Missed => {
                self.told = self.events.subscribe();
                for told in std::mem::take(&mut self.told.state) {
                    self.note_diagnosis(&told.diagnosis)?;
                }
                Ok(())
            }
            Happening::Paged(page) => {
                // What was muted is resolved too, though nobody has heard of it.
                let is_news = if page.is_over {
                    self.known.open.remove(&page.labels)
                } else {
                    self.known.open.insert(page.labels.clone())
                };
                if is_news { self.teller.page(&page) } else { Ok(()) }
            }
        }
    }

    fn note_diagnosis(&mut self, diagnosis: &Diagnosis) -> Result<(), DemoError> {
        let before = self.known.verdicts.insert(Arc::clone(&diagnosis.target), diagnosis.verdict);
        // That it works goes without saying at first.
        if before == Some(diagnosis.verdict) || (before.is_none() && diagnosis.verdict == Verdict::Ok) {
            return Ok(());
        }
        let switched = self.known.switched.filter(|(actor, _)| *actor.name == *diagnosis.target);
        self.teller.diagnosis(diagnosis, switched.map(|(_, at)| at.elapsed()))
    }
}

impl Known {
    fn verdict(&self, actor: Actor) -> Option<Verdict> {
        self.verdicts.get(actor.name).copied()
    }

    fn reason(&self, actor: Actor) -> Option<Reason> {
        self.verdict(actor)?.reason()
    }

    /// How many urgent pages there are for a target.
    fn pages(&self, actor: Actor) -> usize {
        let its = |labels: &&Labels| {
            is_urgent(labels) && labels.get("target").is_some_and(|target| target == actor.name)
        };
        self.open.iter().filter(its).count()
    }
}

/// The next page; never where nobody pages.
async fn next_page(pages: Option<&mut mpsc::Receiver<Page>>) -> Page {
    if let Some(pages) = pages
        && let Some(page) = pages.recv().await
    {
        return page;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use super::*;
    use crate::demo::scene::SCENES;

    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_that_says_nothing_is_told_of_and_counted() {
        let world = World::start().await.unwrap();
        let (paper, events) = (Paper::default(), Events::default());
        let teller = Teller::new(Box::new(paper.clone()), false);
        let story = Story::new(&world, &teller, &events, None, Duration::from_secs(3));
        let unexpected = story.tell(&SCENES[..2], true).await.unwrap();
        let told = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(unexpected, 3, "before the first fault, and each fault: {told}");
        for line in [
            "UNEXPECTED  not everything is as it should be before the first fault\n",
            "1/2  claude: the name does not exist\n",
            "UNEXPECTED  claude is nothing, not dns_nxdomain\n",
            "UNEXPECTED  claude does not work again\n",
            "One round is over: 3 times something else was said than was expected.\n",
        ] {
            assert!(told.contains(line), "{line:?} is not in {told}");
        }
        assert!(!told.contains('\u{1b}'), "no colours: {told}");
        world.end().await.unwrap();
    }
}
