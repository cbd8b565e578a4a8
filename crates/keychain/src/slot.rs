//! Where a secret lies in the keychain, and how long it may be.

use perch_tenant::{PersonId, Secret, TenantId};

use crate::KeychainError;

/// The service under which all of Perch's entries stand.
pub const SERVICE: &str = "dev.perch.desktop";

/// The longest secret, in UTF-16 code units: Windows' credential store takes
/// 2,560 bytes (`CRED_MAX_CREDENTIAL_BLOB_SIZE`), and the same secret must fit
/// everywhere.
pub const MAX_CHARACTERS: usize = 1_280;

/// What a secret is for. Names one entry of the keychain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot<'a> {
    /// What renews the session of a tenant.
    Session(&'a TenantId),
    /// The client token that holds a person's hosted session, for all of their
    /// organizations.
    Client(&'a PersonId),
    /// The key of a tenant's offline store.
    StoreKey(&'a TenantId),
    /// The workspace's admin token, on an operator's machine only.
    SigningKey {
        /// [`Connection::id`](perch_tenant::Connection::id).
        connection: &'a str,
    },
}

impl Slot<'_> {
    /// The entry's account name.
    pub fn account(&self) -> String {
        match self {
            Self::Session(tenant) => format!("session:{tenant}"),
            Self::Client(person) => format!("client:{person}"),
            Self::StoreKey(tenant) => format!("store:{tenant}"),
            Self::SigningKey { connection } => format!("signing:{connection}"),
        }
    }
}

/// Refuses what one of the systems would refuse, on all of them.
pub(crate) fn check_length(secret: &Secret) -> Result<(), KeychainError> {
    let characters = secret.expose().encode_utf16().count();
    if characters > MAX_CHARACTERS { Err(KeychainError::TooLong { characters }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use perch_tenant::Origin;
    use proptest::prelude::*;

    use super::*;

    fn tenant(digit: char) -> TenantId {
        TenantId::try_from(digit.to_string().repeat(32)).expect("a tenant's id")
    }

    #[test]
    fn no_two_slots_share_an_entry() {
        let (a, b) = (tenant('a'), tenant('b'));
        let issuer = Origin::parse("https://clerk.example.com").expect("an origin");
        let (ada, grace) = (PersonId::new(&issuer, "user_ada"), PersonId::new(&issuer, "user_grace"));
        let slots = [
            Slot::Session(&a),
            Slot::Session(&b),
            Slot::Client(&ada),
            Slot::Client(&grace),
            Slot::StoreKey(&a),
            Slot::StoreKey(&b),
            Slot::SigningKey { connection: a.as_str() },
        ];
        let mut accounts: Vec<_> = slots.iter().map(Slot::account).collect();
        accounts.sort();
        accounts.dedup();
        assert_eq!(accounts.len(), slots.len());
    }

    proptest! {
        #[test]
        fn what_windows_would_not_take_is_refused(text in "[a-z😀]{0,1400}") {
            let fits = text.encode_utf16().count() * 2 <= 2_560;
            prop_assert_eq!(check_length(&Secret::new(text)).is_ok(), fits);
        }
    }
}
