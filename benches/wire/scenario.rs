//! How probes come: one at a time, evenly, at once, or many in flight.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::record::Record;

/// Probes in flight while targets are walked for the first time.
const WARMING: usize = 50;
/// Between bursts, so that what is left of one is over.
const REST: Duration = Duration::from_millis(500);

/// How probes come.
#[derive(Debug, Clone, Copy)]
enum Load {
    /// The next one when one is done.
    One,
    /// So many a second.
    Paced(f64),
    /// All targets at the same moment.
    Burst,
    /// Each target again when it is done.
    InFlight,
}

/// What is measured at a time: each target is walked so often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) words: &'static str,
    load: Load,
    pub(crate) targets: u32,
    pub(crate) times: u32,
    /// How long the server takes, in milliseconds.
    pub(crate) delay: u32,
}

/// Names by which scenarios are asked for.
pub(crate) const ONE: &str = "one";
pub(crate) const PACED: &str = "paced";
pub(crate) const BURST: &str = "burst";
pub(crate) const SLOW: &str = "slow";

/// A thousand targets in fifteen seconds.
const PACE: f64 = 1000.0 / 15.0;

/// As they are measured, or as few as show that they run.
pub(crate) fn all(is_smoke: bool) -> [Scenario; 4] {
    let few =
        |scenario: Scenario| Scenario { targets: 3, times: 1, delay: scenario.delay.min(100), ..scenario };
    let scenarios = [
        Scenario {
            name: ONE,
            words: "one probe at a time, the server takes 20 ms",
            load: Load::One,
            targets: 20,
            times: 5,
            delay: 20,
        },
        Scenario {
            name: PACED,
            words: "1,000 targets in 15 s, evenly, the server takes 20 ms",
            load: Load::Paced(PACE),
            targets: 1000,
            times: 2,
            delay: 20,
        },
        Scenario {
            name: BURST,
            words: "200 probes begun at once, the server takes 20 ms",
            load: Load::Burst,
            targets: 200,
            times: 10,
            delay: 20,
        },
        Scenario {
            name: SLOW,
            words: "200 probes in flight, the server takes 1 s",
            load: Load::InFlight,
            targets: 200,
            times: 6,
            delay: 1000,
        },
    ];
    if is_smoke { scenarios.map(few) } else { scenarios }
}

impl Scenario {
    /// Walks every target once, calls `warm`, then walks them as the scenario has it; what was found, each target's in
    /// order.
    pub(crate) async fn walk<P, F>(
        &self,
        probe: P,
        warm: impl FnOnce() -> std::io::Result<()>,
    ) -> Result<Vec<Record>, std::io::Error>
    where
        P: Fn(u32) -> F + Send + Sync + 'static,
        F: Future<Output = Record> + Send + 'static,
    {
        let probe = Arc::new(probe);
        let (mut records, mut under_way) = (Vec::new(), JoinSet::new());
        for target in 0..self.targets {
            if under_way.len() >= WARMING {
                keep(&mut records, under_way.join_next().await)?;
            }
            under_way.spawn(probe(target));
        }
        finish(&mut records, &mut under_way).await?;
        for record in &mut records {
            record.warm = true;
        }
        warm()?;
        match self.load {
            Load::InFlight => {
                let mut targets = JoinSet::new();
                for target in 0..self.targets {
                    let (probe, times) = (Arc::clone(&probe), self.times);
                    targets.spawn(async move {
                        let mut records = Vec::new();
                        for _ in 0..times {
                            records.push(probe(target).await);
                        }
                        records
                    });
                }
                while let Some(found) = targets.join_next().await {
                    records.extend(found?);
                }
            }
            Load::One | Load::Paced(_) | Load::Burst => {
                let start = Instant::now();
                for number in 0..self.targets * self.times {
                    match self.load {
                        Load::Paced(pace) => {
                            sleep_until(start + Duration::from_secs_f64(f64::from(number) / pace)).await;
                        }
                        Load::One => finish(&mut records, &mut under_way).await?,
                        Load::Burst if number > 0 && number % self.targets == 0 => {
                            finish(&mut records, &mut under_way).await?;
                            sleep(REST).await;
                        }
                        Load::Burst | Load::InFlight => {}
                    }
                    under_way.spawn(probe(number % self.targets));
                }
                finish(&mut records, &mut under_way).await?;
            }
        }
        Ok(records)
    }
}

async fn finish(records: &mut Vec<Record>, under_way: &mut JoinSet<Record>) -> Result<(), JoinError> {
    while let Some(found) = under_way.join_next().await {
        records.push(found?);
    }
    Ok(())
}

fn keep(records: &mut Vec<Record>, found: Option<Result<Record, JoinError>>) -> Result<(), JoinError> {
    records.extend(found.transpose()?);
    Ok(())
}
