//! The whole app on real parts: the window through WebKit's own driver, the
//! system's browser through its opener, a keychain on a session bus of its own,
//! and the sandbox's database. Run by `make test`, which provides the desktop
//! (`scripts/desktop`).

mod stage;

mod accessible;
mod alive;
mod answers;
mod demo;
mod editing;
mod fence;
mod filters;
mod hosted;
mod hostile;
mod layout;
mod leaks;
mod links;
mod no_keychain;
mod offline;
mod public;
mod secrets;
mod sources;
mod sql;
mod tenants;
