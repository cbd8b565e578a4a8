//! Perch's keychain on the system's own: a real Secret Service for what is kept
//! across visits, a bus that is not there for what is not.

mod missing;
#[cfg(target_os = "linux")]
mod present;
