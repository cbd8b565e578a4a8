//! What the client needs of a token, whichever of the two kinds it is: both go
//! one way, and each has a door of its own.

use std::time::SystemTime;

use perch_tenant::Origin;

use crate::{PublicToken, TenantToken};

/// Something to send as `Authorization: Bearer`.
pub(crate) trait Bearer: Sync {
    /// The only host it may be sent to.
    fn host(&self) -> &Origin;
    /// The name under which its requests are counted.
    fn name(&self) -> &str;
    /// How many requests a second are accepted under that name.
    fn rps(&self) -> Option<u32>;
    /// When it is accepted no longer, where that is known.
    fn expires(&self) -> Option<SystemTime>;
    /// Whether it reads a pipe, as far as it says.
    fn reads(&self, pipe: &str) -> bool;
    /// The token itself.
    fn expose(&self) -> &str;
}

impl Bearer for TenantToken {
    fn host(&self) -> &Origin {
        self.host()
    }

    fn name(&self) -> &str {
        self.name()
    }

    fn rps(&self) -> Option<u32> {
        self.rps()
    }

    fn expires(&self) -> Option<SystemTime> {
        Some(self.expires())
    }

    fn reads(&self, pipe: &str) -> bool {
        self.reads(pipe)
    }

    fn expose(&self) -> &str {
        self.expose()
    }
}

impl Bearer for PublicToken {
    fn host(&self) -> &Origin {
        self.host()
    }

    fn name(&self) -> &str {
        self.name()
    }

    fn rps(&self) -> Option<u32> {
        self.rps()
    }

    fn expires(&self) -> Option<SystemTime> {
        self.expires()
    }

    fn reads(&self, pipe: &str) -> bool {
        self.reads(pipe)
    }

    fn expose(&self) -> &str {
        self.expose()
    }
}
