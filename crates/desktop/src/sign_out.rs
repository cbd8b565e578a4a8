//! Sign-out: Clerk is told as a best effort, then the keychain, the store and
//! the memory forget, in that order. It works offline, and a step that fails
//! does not stop the next: what could not be removed is told.

use perch_keychain::Slot;
use perch_offline::Store;
use perch_tenant::TenantId;

use crate::desktop::Desktop;
use crate::problem::Problem;

impl Desktop {
    /// Signs one tenant out and leaves nothing of it on this machine. Works
    /// also for a tenant whose connection is gone.
    pub async fn sign_out(&self, tenant: &str) -> Result<(), Problem> {
        let id = TenantId::try_from(tenant.to_owned()).map_err(|_| Problem::gone("organization"))?;
        let (account, open) = {
            let mut state = self.state();
            let account = state.accounts.get(&id).cloned().ok_or_else(|| Problem::gone("organization"))?;
            if state.screen.as_ref().is_some_and(|screen| screen.tenant.id == id) {
                state.screen = None;
            }
            (account, state.tenants.get(&id).cloned())
        };
        if let Some(open) = &open {
            open.session.end().await;
            open.close(Problem::gone("organization")).await;
        }
        let mut left = self.forget(&id).await;
        let connection = account.connection;
        let is_last =
            !self.state().accounts.iter().any(|other| other.connection == connection && other.tenant.id() != id);
        if is_last {
            // The admin token was typed for the people of this connection, and
            // the last of them has left.
            let slot = Slot::SigningKey { connection: &connection };
            left.extend(self.inner.keychain.delete(slot).await.err().map(|error| Problem::from(&error)));
        }
        {
            let mut state = self.state();
            if is_last {
                state.signing_keys.remove(&connection);
            }
            state.tenants.remove(&id);
            left.extend(state.accounts.remove(&id).err());
            if state.active.as_ref() == Some(&id) {
                state.active = state.first_tenant();
            }
            for problem in left {
                let message = format!("Signed out, but something stayed behind: {}", problem.message);
                state.notify(Problem { message, ..problem });
            }
        }
        self.changed();
        Ok(())
    }

    /// Removes what renews a tenant's session, what opens its store, and the
    /// store; answers with what could not be removed.
    pub(crate) async fn forget(&self, tenant: &TenantId) -> Vec<Problem> {
        let mut left = Vec::new();
        for slot in [Slot::Session(tenant), Slot::StoreKey(tenant)] {
            left.extend(self.inner.keychain.delete(slot).await.err().map(|error| Problem::from(&error)));
        }
        let stores = self.inner.surroundings.places.stores();
        left.extend(Store::remove(&stores, tenant).err().map(|error| Problem::from(&error)));
        left
    }
}
