//! Who is signed in on this machine. Names and ids only: what opens anything
//! is in the keychain, what was seen is in the sealed stores.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use perch_tenant::{Tenant, TenantId};
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::problem::Problem;
use crate::view::{TenantStatus, TenantView};

/// The accounts, last used first, kept in one small file.
#[derive(Debug)]
pub(crate) struct Accounts {
    file: PathBuf,
    list: Vec<Account>,
    /// The file is there and could not be read: it is not written over.
    unread: Option<Problem>,
}

/// A tenant and the connection it signed in through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    /// The connection's id.
    pub(crate) connection: String,
    pub(crate) tenant: Tenant,
    /// Whether its session is the person's own, for all of their organizations.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) hosted: bool,
    /// The address of the tenant's picture, as Clerk gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    #[serde(default, skip_serializing_if = "Standing::is_signed_in")]
    pub(crate) standing: Standing,
    /// The keychain did not take the session: at the next start there would be
    /// nothing to open, so the account is not written down.
    #[serde(skip)]
    pub(crate) for_this_visit: bool,
}

/// How an account stands. Written down before it is acted upon, so that a crash
/// on the way is made good at the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// Something in the keychain renews its session.
    #[default]
    SignedIn,
    /// Clerk ended its session: it is closed, and nothing but its name is left.
    Ended,
    /// The viewer signed out: it is shown no more, and is here only until the
    /// last of it is removed.
    Leaving,
}

impl Standing {
    fn is_signed_in(&self) -> bool {
        *self == Self::SignedIn
    }
}

impl Account {
    /// The account as the web view shows it, with its picture's path.
    pub(crate) fn view(&self, status: TenantStatus, picture: Option<String>, can_end_others: bool) -> TenantView {
        let tenant = &self.tenant;
        TenantView {
            picture,
            personal: tenant.organization.is_none(),
            person: tenant.person().to_string(),
            can_end_others,
            id: tenant.id().to_string(),
            connection: self.connection.clone(),
            name: tenant.display_name().to_owned(),
            user: tenant.user.display_name().to_owned(),
            email: tenant.user.email.clone(),
            role: tenant.organization.as_ref().and_then(|organization| organization.role.clone()),
            status,
            making: None,
        }
    }
}

impl Accounts {
    /// Reads the list. One that is not understood is put aside beside itself,
    /// and the problem says so: people sign in again and nothing is lost but
    /// the list.
    pub(crate) fn read(file: PathBuf) -> (Self, Option<Problem>) {
        disk::sweep(&file, disk::HALF_WRITTEN_FOR);
        let read = disk::read_text(&file).and_then(|text| {
            serde_json::from_str::<Vec<Account>>(&text)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        let mut unread = None;
        let (list, problem) = match read {
            Ok(list) => (list, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                if let Err(error) = std::fs::rename(&file, put_aside(&file)) {
                    tracing::warn!(%error, "the unreadable list of accounts could not be put aside");
                }
                (Vec::new(), Some(Problem::accounts(&file, &error)))
            }
            Err(error) => {
                unread = Some(Problem::file(&file, &error));
                (Vec::new(), unread.clone())
            }
        };
        (Self { file, list, unread }, problem)
    }

    /// The accounts that the viewer sees, last used first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Account> {
        self.list.iter().filter(|account| account.standing != Standing::Leaving)
    }

    /// Those that the viewer signed out of and of which something is left.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = &Account> {
        self.list.iter().filter(|account| account.standing == Standing::Leaving)
    }

    /// The account of a tenant.
    pub(crate) fn get(&self, tenant: &TenantId) -> Option<&Account> {
        self.iter().find(|account| &account.tenant.id() == tenant)
    }

    /// Writes down how tenants stand from now on. Unknown ones change nothing.
    pub(crate) fn mark(&mut self, tenants: &[TenantId], standing: Standing) -> Result<(), Problem> {
        self.change(|list| {
            for account in list.iter_mut().filter(|account| tenants.contains(&account.tenant.id())) {
                account.standing = standing;
            }
        })
    }

    /// Puts an account first, in place of one of the same tenant.
    pub(crate) fn put_first(&mut self, account: Account) -> Result<(), Problem> {
        let id = account.tenant.id();
        self.change(|list| {
            list.retain(|other| other.tenant.id() != id);
            list.insert(0, account);
        })
    }

    /// Writes down the address of a tenant's picture.
    pub(crate) fn set_picture(&mut self, tenant: &TenantId, address: &str) -> Result<(), Problem> {
        self.change_one(tenant, |account| account.picture = Some(address.to_owned()))
    }

    /// Takes a tenant off the disk, but not out of this visit.
    pub(crate) fn last_for_this_visit(&mut self, tenant: &TenantId) -> Result<(), Problem> {
        self.change_one(tenant, |account| account.for_this_visit = true)
    }

    fn change_one(&mut self, tenant: &TenantId, change: impl Fn(&mut Account)) -> Result<(), Problem> {
        self.change(|list| list.iter_mut().filter(|account| &account.tenant.id() == tenant).for_each(change))
    }

    /// Moves a tenant to the front. Unknown tenants change nothing.
    pub(crate) fn use_now(&mut self, tenant: &TenantId) -> Result<(), Problem> {
        match self.list.iter().position(|account| &account.tenant.id() == tenant) {
            None | Some(0) => Ok(()),
            Some(place) => self.change(|list| list[..=place].rotate_right(1)),
        }
    }

    /// Forgets a tenant. The last one takes the file along, and what was put
    /// aside of it.
    pub(crate) fn remove(&mut self, tenant: &TenantId) -> Result<(), Problem> {
        self.change(|list| list.retain(|account| &account.tenant.id() != tenant))
    }

    /// The change counts in memory even when the disk refuses it: what the
    /// viewer did holds for this visit, and the problem says what will be back.
    fn change(&mut self, change: impl FnOnce(&mut Vec<Account>)) -> Result<(), Problem> {
        change(&mut self.list);
        if let Some(problem) = &self.unread {
            return Err(problem.clone());
        }
        if self.list.is_empty() {
            disk::sweep(&self.file, Duration::ZERO);
            return [self.file.clone(), put_aside(&self.file)].iter().try_for_each(|file| remove(file));
        }
        let kept: Vec<_> = self.list.iter().filter(|account| !account.for_this_visit).collect();
        if kept.is_empty() {
            return remove(&self.file);
        }
        let text = serde_json::to_vec_pretty(&kept).map_err(|error| Problem::accounts(&self.file, &error.into()))?;
        disk::write_whole(&self.file, &text).map_err(|error| Problem::file(&self.file, &error))
    }
}

fn put_aside(file: &Path) -> PathBuf {
    file.with_extension("json.unreadable")
}

fn remove(file: &Path) -> Result<(), Problem> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Problem::file(file, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use perch_tenant::{Origin, User};

    use super::*;

    fn account(user: &str) -> Account {
        let origin = Origin::parse("https://clerk.example.com").expect("an origin");
        let user = User { id: user.to_owned(), name: None, email: None };
        let tenant =
            Tenant { issuer: origin.clone(), user, organization: None, tinybird: origin, workspace_id: "w".to_owned() };
        let standing = Standing::default();
        Account { connection: "c".to_owned(), tenant, hosted: false, picture: None, standing, for_this_visit: false }
    }

    fn users(accounts: &Accounts) -> Vec<&str> {
        accounts.iter().map(|account| account.tenant.user.id.as_str()).collect()
    }

    #[test]
    fn the_tenant_used_last_stands_first_also_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        let (mut accounts, problem) = Accounts::read(file.clone());
        assert!(problem.is_none());
        for user in ["a", "b", "c"] {
            accounts.put_first(account(user)).expect("kept");
        }
        accounts.use_now(&account("a").tenant.id()).expect("kept");
        assert_eq!(users(&Accounts::read(file).0), ["a", "c", "b"]);
    }

    #[test]
    fn the_last_one_out_takes_the_files_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        let (mut accounts, _) = Accounts::read(file.clone());
        accounts.put_first(account("a")).expect("kept");
        std::fs::write(put_aside(&file), "older").expect("written");
        accounts.remove(&account("a").tenant.id()).expect("removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
    }

    #[test]
    fn an_account_for_this_visit_is_not_written_down() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        let (mut accounts, _) = Accounts::read(file.clone());
        accounts.put_first(account("a")).expect("kept");
        accounts.put_first(Account { for_this_visit: true, ..account("b") }).expect("kept");
        assert_eq!(users(&accounts), ["b", "a"]);
        assert_eq!(users(&Accounts::read(file).0), ["a"]);
    }

    #[test]
    fn whoever_is_leaving_is_not_seen_and_not_forgotten_before_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        let (mut accounts, _) = Accounts::read(file.clone());
        for user in ["a", "b"] {
            accounts.put_first(account(user)).expect("kept");
        }
        accounts.mark(&[account("b").tenant.id()], Standing::Leaving).expect("kept");
        let (mut again, _) = Accounts::read(file.clone());
        assert_eq!(users(&again), ["a"]);
        assert_eq!(again.leaving().count(), 1);
        again.remove(&account("b").tenant.id()).expect("removed");
        assert_eq!(Accounts::read(file).0.leaving().count(), 0);
    }

    #[test]
    fn a_list_of_an_older_perch_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        std::fs::write(
            &file,
            r#"[{"connection": "c", "tenant": {"issuer": "https://clerk.example.com", "user": {"id": "a", "name": null,
                "email": null}, "organization": null, "tinybird": "https://api.tinybird.co", "workspace_id": "w"}}]"#,
        )
        .expect("written");
        let (accounts, problem) = Accounts::read(file);
        assert_eq!((users(&accounts), problem), (vec!["a"], None));
        assert_eq!(accounts.iter().next().map(|account| account.standing), Some(Standing::SignedIn));
    }

    #[test]
    fn a_list_that_cannot_be_read_now_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        // As a user who may not: a loop of links cannot be opened by anybody.
        #[cfg(unix)]
        std::os::unix::fs::symlink(&file, &file).expect("a link");
        #[cfg(unix)]
        {
            let (mut accounts, problem) = Accounts::read(file.clone());
            assert!(problem.is_some());
            assert!(accounts.put_first(account("a")).is_err());
            assert_eq!(users(&accounts), ["a"], "it counts for this visit");
            assert!(file.is_symlink(), "what was there is there");
        }
    }

    #[test]
    fn a_half_written_list_is_put_aside_and_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.json");
        std::fs::write(&file, "[{\"connection\": \"c\", \"ten").expect("written");
        let (accounts, problem) = Accounts::read(file.clone());
        assert_eq!(accounts.iter().count(), 0);
        assert_eq!(problem.expect("said").code, "accounts-unreadable");
        assert!(put_aside(&file).exists());
    }
}
