//! No crash leaves a copy of the memory behind, in which rows and keys are plain: neither of Perch's own nor of the web
//! view's processes, which take the limit over.

use rustix::process::{Resource, Rlimit, setrlimit};

/// From here on, and for every process that is started.
pub fn forbid() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a crash may leave a copy of the memory on the disk");
    }
}
