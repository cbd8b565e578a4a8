//! The binary itself: what needs a process of its own.

mod attack;
mod life;
mod packaging;
mod process;
mod secrets;
