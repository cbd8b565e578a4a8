//! Killed while the viewer signs out. Before it is written down that they leave,
//! the session is whole; from then on it is gone, however far it came.

use std::time::{Duration, Instant};

use crate::child::{Role, SIGNED_OUT, SIGNING_OUT};
use crate::clerk_door::Step::{self, Answered, Arrived};
use crate::rounds::{Chance, Histogram};
use crate::stage::{Outcome, Stage, Way};
use crate::world::PATIENCE;

/// Something that a sign-out has done.
type Sight = (&'static str, fn(&Stage) -> bool);

const LEAVING: Sight = ("the leaving written down", Stage::is_leaving);
const SESSION: Sight = ("the session out of the keychain", |stage| stage.kept(stage.session_slot()).is_none());
const STORE_KEY: Sight = ("the store's key out of the keychain", |stage| stage.kept(stage.store_key_slot()).is_none());
const STORE: Sight = ("the store gone", |stage| stage.files("stores").is_empty());
const PICTURE: Sight = ("the picture gone", |stage| stage.files("pictures").is_empty());
const TURN: Sight = ("the turn's file gone", |stage| stage.files("turns").is_empty());
const ACCOUNT: Sight = ("the account gone", Stage::is_out);

/// In the order in which they come to be.
const OAUTH: &[Sight] = &[LEAVING, SESSION, STORE_KEY, STORE, TURN, ACCOUNT];
const HOSTED: &[Sight] = &[LEAVING, STORE_KEY, STORE, PICTURE, SESSION, TURN, ACCOUNT];

/// Lets one do everything, and answers with how long that took.
fn undisturbed(stage: &Stage) -> Duration {
    let child = stage.start(Role::SignOut, None);
    child.wait_for(SIGNING_OUT);
    let since = Instant::now();
    child.wait_for(SIGNED_OUT);
    let duration = since.elapsed();
    assert!(stage.is_out(), "it is over");
    stage.kill(child);
    assert_eq!(stage.start_again(Role::SignOut), Outcome::Gone);
    duration
}

/// Kills one while Clerk is told.
fn killed_at(stage: &Stage, step: Step) -> Outcome {
    let child = stage.start(Role::SignOut, Some(step));
    stage.door.wait_for(step);
    stage.kill(child);
    stage.start_again(Role::SignOut)
}

/// Kills one as soon as something is seen. It may be further by then, so what
/// must follow is told by what is left.
fn killed_at_sight(stage: &Stage, (what, is_seen): Sight) -> Outcome {
    let child = stage.start(Role::SignOut, None);
    child.wait_for(SIGNING_OUT);
    let deadline = Instant::now() + PATIENCE;
    while !is_seen(stage) {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
    stage.kill(child);
    let outcome = stage.start_again(Role::SignOut);
    assert_eq!(outcome, Outcome::Gone, "killed with {what}");
    outcome
}

/// Kills one so long after it began, and counts by what it had done.
fn killed_after(stage: &Stage, delay: Duration, sights: &[Sight], histogram: &mut Histogram) {
    let child = stage.start(Role::SignOut, None);
    child.wait_for(SIGNING_OUT);
    std::thread::sleep(delay);
    stage.kill(child);
    let done = sights.iter().rev().find(|(_, is_seen)| is_seen(stage)).map_or("nothing done", |(what, _)| what);
    histogram.count(format!("random, with {done}"), stage.start_again(Role::SignOut));
}

fn rounds(way: Way, title: &'static str, told: &'static str, sights: &[Sight]) {
    let stage = Stage::new(way);
    let mut chance = Chance::new();
    let mut histogram = Histogram::new(title, &chance);
    // The first one is slow: it has everything to load.
    let duration = undisturbed(&stage).min(undisturbed(&stage));

    for step in [Arrived(told), Answered(told)] {
        let outcome = killed_at(&stage, step);
        assert_eq!(outcome, Outcome::Gone, "killed when {step}");
        histogram.count(step.to_string(), outcome);
    }
    for sight in sights {
        histogram.count(sight.0, killed_at_sight(&stage, *sight));
    }
    for round in 0..20 {
        let delay = chance.moment(duration.mul_f32(1.2));
        eprintln!("seed {}, round {round}: {delay:?} after it began", chance.seed);
        killed_after(&stage, delay, sights, &mut histogram);
    }
    eprintln!("{histogram}");
}

#[test]
#[ignore = "needs the keychain of `make test`"]
fn a_sign_out_by_oauth_is_finished_by_the_next_start_wherever_it_was_killed() {
    rounds(Way::OAuth, "sign-out, OAuth", "revocation", OAUTH);
}

#[test]
#[ignore = "needs the keychain of `make test`"]
fn a_hosted_sign_out_is_finished_by_the_next_start_wherever_it_was_killed() {
    rounds(Way::Hosted, "sign-out, hosted", "end", HOSTED);
}
