//! Who is signed in on this machine. Names and ids only: what opens anything
//! is in the keychain, what was seen is in the sealed stores.

use std::io;
use std::path::PathBuf;

use perch_tenant::{Tenant, TenantId};
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::problem::Problem;

/// The list of tenants, last used first, kept in one small file.
#[derive(Debug)]
pub struct Roster {
    file: PathBuf,
    members: Vec<Member>,
}

/// A tenant and the connection it signed in through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The connection's id.
    pub connection: String,
    /// The tenant.
    pub tenant: Tenant,
}

impl Roster {
    /// Reads the roster. A file that cannot be understood is put aside under
    /// the name `tenants.json.unreadable`, and the problem says so: people sign
    /// in again and nothing is lost but the list.
    pub fn read(file: PathBuf) -> (Self, Option<Problem>) {
        let read = disk::read_text(&file).and_then(|text| {
            serde_json::from_str::<Vec<Member>>(&text)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        let (members, problem) = match read {
            Ok(members) => (members, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => {
                let problem = Problem::roster(&file, &error);
                if let Err(error) = std::fs::rename(&file, file.with_extension("json.unreadable")) {
                    tracing::warn!(%error, "the unreadable roster could not be put aside");
                }
                (Vec::new(), Some(problem))
            }
        };
        (Self { file, members }, problem)
    }

    /// The members, last used first.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Puts a member first, in place of one of the same tenant.
    pub fn put_first(&mut self, member: Member) -> Result<(), Problem> {
        let id = member.tenant.id();
        self.change(|members| {
            members.retain(|other| other.tenant.id() != id);
            members.insert(0, member);
        })
    }

    /// Moves a tenant to the front. Unknown tenants change nothing.
    pub fn use_now(&mut self, tenant: &TenantId) -> Result<(), Problem> {
        match self.members.iter().position(|member| &member.tenant.id() == tenant) {
            None | Some(0) => Ok(()),
            Some(place) => self.change(|members| members[..=place].rotate_right(1)),
        }
    }

    /// Forgets a tenant. Unknown tenants change nothing.
    pub fn remove(&mut self, tenant: &TenantId) -> Result<(), Problem> {
        self.change(|members| members.retain(|member| &member.tenant.id() != tenant))
    }

    /// The change counts in memory even when the disk refuses it: what the
    /// viewer did holds for this visit, and the problem says what will be back.
    fn change(&mut self, change: impl FnOnce(&mut Vec<Member>)) -> Result<(), Problem> {
        change(&mut self.members);
        let text =
            serde_json::to_vec_pretty(&self.members).map_err(|error| Problem::roster(&self.file, &error.into()))?;
        if self.members.is_empty() {
            return match std::fs::remove_file(&self.file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Problem::file(&self.file, &error)),
                _ => Ok(()),
            };
        }
        disk::write_whole(&self.file, &text).map_err(|error| Problem::file(&self.file, &error))
    }
}

#[cfg(test)]
mod tests {
    use perch_tenant::{Origin, User};

    use super::*;

    fn member(user: &str) -> Member {
        let origin = Origin::parse("https://clerk.example.com").expect("an origin");
        let user = User { id: user.to_owned(), name: None, email: None };
        let tenant =
            Tenant { issuer: origin.clone(), user, organization: None, tinybird: origin, workspace_id: "w".to_owned() };
        Member { connection: "c".to_owned(), tenant }
    }

    fn users(roster: &Roster) -> Vec<&str> {
        roster.members().iter().map(|member| member.tenant.user.id.as_str()).collect()
    }

    #[test]
    fn the_tenant_used_last_stands_first_also_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tenants.json");
        let (mut roster, problem) = Roster::read(file.clone());
        assert!(problem.is_none());
        for user in ["a", "b", "c"] {
            roster.put_first(member(user)).expect("kept");
        }
        roster.use_now(&member("a").tenant.id()).expect("kept");
        assert_eq!(users(&Roster::read(file).0), ["a", "c", "b"]);
    }

    #[test]
    fn the_last_one_out_takes_the_file_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tenants.json");
        let (mut roster, _) = Roster::read(file.clone());
        roster.put_first(member("a")).expect("kept");
        roster.remove(&member("a").tenant.id()).expect("removed");
        assert!(!file.exists());
    }

    #[test]
    fn a_half_written_roster_is_put_aside_and_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tenants.json");
        std::fs::write(&file, "[{\"connection\": \"c\", \"ten").expect("written");
        let (roster, problem) = Roster::read(file);
        assert!(roster.members().is_empty());
        assert_eq!(problem.expect("said").code, "roster-unreadable");
        assert!(folder.path().join("tenants.json.unreadable").exists());
    }
}
