//! Perch is killed: at each step of a renewal and of a sign-out, and a hundred
//! times at random. At the next start the session is whole, or cleanly gone.
//! Which of the two is predicted from what was left, and never both allowed: a
//! Perch that lost every session would fail here.
//!
//! The seed of the random part is printed; `PERCH_CRASH_SEED` repeats it.

mod child;
mod clerk_door;
mod renewal;
mod rounds;
mod sign_out;
mod stage;
#[expect(dead_code, reason = "the tests of a whole life need more of it")]
#[path = "../life/world.rs"]
mod world;
