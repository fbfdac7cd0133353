//! How many experiments are made, in what order and how long, with experiments that only take time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::outcome::Family;

fn wanted_of(experiment: Experiment, number: usize) -> Wanted {
    Wanted {
        experiment,
        endpoint: format!("https://{number}.test/").into(),
        route: "direct".into(),
        family: Family::Ipv4,
        address: None,
    }
}

/// So many of one experiment, each on an endpoint of its own.
fn many(count: usize) -> Vec<Wanted> {
    (0..count).map(|number| wanted_of(Experiment::Http1, number)).collect()
}

fn done(wanted: Wanted, took: Duration) -> Vec<FollowUp> {
    vec![FollowUp { wanted, took, trial: Trial::Http1(Vec::new()) }]
}

/// One that never ends by itself.
async fn to_the_deadline(wanted: Wanted, deadline: Deadline) -> Vec<FollowUp> {
    let begun = Instant::now();
    tokio::time::sleep_until(deadline.at()).await;
    done(wanted, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_a_round_finds_leads_to_one_more_and_no_further() {
    let plans = AtomicUsize::new(0);
    let plan = |made: &[FollowUp]| {
        let round = plans.fetch_add(1, Ordering::Relaxed);
        assert_eq!(made.len(), round, "it sees all that was made before");
        vec![wanted_of(Experiment::Http1, round)]
    };
    let make = |wanted, _| async { done(wanted, Duration::ZERO) };
    let made = rounds(plan, make, EXPERIMENT).await;
    let endpoints: Vec<&str> = made.iter().map(|made| &*made.wanted.endpoint).collect();
    assert_eq!(endpoints, ["https://0.test/", "https://1.test/"], "in the order they were made");
    assert_eq!(plans.into_inner(), ROUNDS);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_wanted_nothing_is_made() {
    let make = |wanted, _| async move { panic!("{wanted:?} was made") };
    assert_eq!(rounds(|_| Vec::new(), make, EXPERIMENT).await, []);
}

#[tokio::test(start_paused = true)]
async fn an_experiment_that_hangs_has_its_own_deadline_and_few_are_made_at_once() {
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let plan = |made: &[FollowUp]| if made.is_empty() { many(6) } else { Vec::new() };
    let begun = Instant::now();
    let make = |wanted, deadline: Deadline| {
        let (now, most) = (&now, &most);
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            let made = to_the_deadline(wanted, deadline).await;
            now.fetch_sub(1, Ordering::Relaxed);
            made
        }
    };
    let made = rounds(plan, make, Duration::from_secs(3)).await;
    assert!(made.iter().all(|made| made.took == Duration::from_secs(3)), "{made:?}");
    assert_eq!(most.into_inner(), EXPERIMENTS_AT_ONCE);
    assert_eq!(begun.elapsed(), Duration::from_secs(6), "six of them, four at a time");
}

#[tokio::test(start_paused = true)]
async fn all_experiments_together_are_bounded_in_number_and_time_and_the_rest_is_told() {
    let begun = Instant::now();
    let made = rounds(|_| many(40), to_the_deadline, EXPERIMENT).await;
    assert_eq!(begun.elapsed(), ALL_EXPERIMENTS);
    assert_eq!(made.len(), EXPERIMENTS_A_ROUND, "there is no time for a second round");
    let left: Vec<&FollowUp> = made.iter().filter(|made| matches!(made.trial, Trial::Unknown(_))).collect();
    assert_eq!(left.len(), 4, "three times four take all the time: {made:?}");
    assert!(left.iter().all(|made| made.took.is_zero()));
}

#[tokio::test(start_paused = true)]
async fn what_is_begun_late_has_only_the_time_that_is_left() {
    let deadlines = Mutex::new(Vec::new());
    let begun = Instant::now();
    let make = |wanted, deadline: Deadline| {
        deadlines.lock().unwrap().push(deadline.at() - begun);
        to_the_deadline(wanted, deadline)
    };
    rounds(|_| many(12), make, Duration::from_secs(13)).await;
    let of = |seconds| vec![Duration::from_secs(seconds); 4];
    assert_eq!(deadlines.into_inner().unwrap(), [of(13), of(26), of(30)].concat());
}
