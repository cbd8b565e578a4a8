//! Brokers before the sandbox's Clerk: who gets a token, and who does not.

mod configuration;
mod files;
mod forged;
mod handed_out;
mod refused;
mod trouble;
mod world;
