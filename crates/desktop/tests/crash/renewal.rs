//! Killed while it renews. The one moment at which a session may be lost is
//! between Clerk's spending of the refresh token and the answer's arrival.

use std::time::Duration;

use crate::child::{self, ONLINE, Role};
use crate::clerk_door::Step::{self, Answered, Arrived};
use crate::rounds::{Chance, Histogram};
use crate::stage::{Outcome, Stage, Way};

/// The test that a child runs, in which it is one.
pub const ENTRY: &str = "renewal::two_that_renew_at_once_spend_no_token_twice";

/// Half of the random kills come so soon after the new tokens.
const JUST_AFTER: Duration = Duration::from_millis(30);

const OAUTH: [&str; 4] = ["discovery", "token", "keys", "userinfo"];
const HOSTED: [&str; 4] = ["client", "memberships", "touch", "template"];

/// Kills one at a step, and answers with what came of it.
fn killed_at(stage: &Stage, step: Step) -> Outcome {
    let child = stage.start(Role::Renew, Some(step));
    stage.door.wait_for(step);
    stage.kill(child);
    stage.start_again(Role::Renew)
}

/// Kills one when it has done everything, and answers with how long it asked.
fn undisturbed(stage: &Stage) -> Duration {
    let child = stage.start(Role::Renew, None);
    child.wait_for(ONLINE);
    stage.door.wait_for_quiet(Duration::from_millis(50));
    let duration = stage.door.duration();
    stage.kill(child);
    assert_eq!(stage.start_again(Role::Renew), Outcome::Whole);
    duration
}

/// Kills one so long after a step, and counts by the last step that was taken.
fn killed_after(stage: &Stage, step: Step, delay: Duration, histogram: &mut Histogram) {
    let child = stage.start(Role::Renew, None);
    stage.door.wait_for(step);
    std::thread::sleep(delay);
    stage.kill(child);
    let last = stage.door.steps().last().map(Step::to_string).unwrap_or_default();
    histogram.count(format!("random, last {last}"), stage.start_again(Role::Renew));
}

#[test]
#[ignore = "needs the keychain of `make test`"]
fn an_oauth_session_survives_a_kill_at_any_step_but_the_one_that_nobody_can_mend() {
    let stage = Stage::new(Way::OAuth);
    let mut chance = Chance::new();
    let mut histogram = Histogram::new("renewal, OAuth", &chance);
    // The first one is slow: it has everything to load.
    let duration = undisturbed(&stage).min(undisturbed(&stage));

    for step in OAUTH.into_iter().flat_map(|request| [Arrived(request), Answered(request)]) {
        let outcome = killed_at(&stage, step);
        // The next token is kept before anything else is asked.
        let expected = if step == Answered("token") { Outcome::Gone } else { Outcome::Whole };
        assert_eq!(outcome, expected, "killed when {step}");
        histogram.count(step.to_string(), outcome);
    }
    for round in 0..40 {
        let (step, delay) = match round % 2 {
            0 => (Arrived("discovery"), chance.moment(duration.mul_f32(1.2))),
            _ => (Answered("token"), chance.moment(JUST_AFTER)),
        };
        eprintln!("seed {}, round {round}: {delay:?} after {step}", chance.seed);
        killed_after(&stage, step, delay, &mut histogram);
    }
    eprintln!("{histogram}");
}

#[test]
#[ignore = "needs the keychain of `make test`"]
fn a_hosted_session_survives_a_kill_at_every_step() {
    let stage = Stage::new(Way::Hosted);
    let mut chance = Chance::new();
    let mut histogram = Histogram::new("renewal, hosted", &chance);
    // The first one is slow: it has everything to load.
    let duration = undisturbed(&stage).min(undisturbed(&stage));

    for step in HOSTED.into_iter().flat_map(|request| [Arrived(request), Answered(request)]) {
        let outcome = killed_at(&stage, step);
        assert_eq!(outcome, Outcome::Whole, "killed when {step}");
        histogram.count(step.to_string(), outcome);
    }
    for round in 0..20 {
        let delay = chance.moment(duration.mul_f32(1.2));
        eprintln!("seed {}, round {round}: {delay:?} after the first request", chance.seed);
        killed_after(&stage, Arrived("client"), delay, &mut histogram);
    }
    eprintln!("{histogram}");
}

#[test]
#[ignore = "needs the keychain of `make test`"]
fn two_that_renew_at_once_spend_no_token_twice() {
    child::live();
    let stage = Stage::new(Way::OAuth);
    for _ in 0..10 {
        let children = [stage.start(Role::Renew, None), stage.another(Role::Renew)];
        for child in &children {
            child.wait_for(ONLINE);
        }
        let steps = stage.door.steps();
        assert_eq!(steps.iter().filter(|step| **step == Answered("token")).count(), 2, "each renewed");
        let [first, second] = children;
        first.kill();
        stage.kill(second);
        assert_eq!(stage.start_again(Role::Renew), Outcome::Whole);
    }
}
