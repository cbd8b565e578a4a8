//! The app without its window: connections opened, people signed in, what is
//! on the screen and how fresh it is. The shell turns each command of the web
//! view into one call of [`Desktop`] and each [`Event`] into one message; it
//! adds no rule of its own. Tests drive a `Desktop` as the shell does.

mod accounts;
mod bundled;
mod connections;
mod demo;
mod desktop;
mod disk;
mod editing;
mod export;
mod filters;
mod following;
mod links;
mod made;
mod offline_copy;
mod open_tenant;
mod origin;
mod own_files;
mod pictures;
mod places;
mod problem;
mod public;
mod screen;
mod served;
mod session;
mod sight;
mod sign_in;
mod sign_out;
mod signing_key;
mod tokens;
mod turn;
pub mod view;
mod watch;
mod words;

use std::sync::Arc;
use std::time::SystemTime;

pub use desktop::{Desktop, Event, Surroundings};
pub use export::{Copy, Export};
pub use places::Places;
pub use problem::Problem;

/// What time it is. A parameter, so that rules about time can be tested.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;
