//! The app's whole life without its window: a real sandbox over HTTP, a real
//! keychain, real files.

mod broker;
mod editing;
mod export;
mod filters;
mod fresh;
mod hosted;
mod layout;
mod leaving;
mod links;
mod offline;
mod people;
mod public;
mod signing_key;
mod sources;
mod tokens;
mod visits;
mod world;
