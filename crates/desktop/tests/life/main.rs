//! The app's whole life without its window: a real sandbox over HTTP, a real
//! keychain, real files.

mod hosted;
mod people;
mod tokens;
mod visits;
mod world;
