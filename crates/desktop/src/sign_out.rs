//! Sign-out: Clerk is told as a best effort, then the keychain, the store and
//! the memory forget, in that order. It works offline, and a step that fails
//! does not stop the next: what could not be removed is told.

use perch_keychain::Slot;
use perch_offline::Store;

use crate::desktop::Desktop;
use crate::problem::Problem;
use crate::seat::Seat;

impl Desktop {
    /// Signs one tenant out and leaves nothing of it on this machine.
    pub async fn sign_out(&self, tenant: &str) -> Result<(), Problem> {
        let seat = self.seat_of(tenant)?;
        // From here on nothing of this tenant is drawn, asked for or kept.
        seat.close(Problem::gone("organization"));
        {
            let mut state = self.state();
            if state.screen.as_ref().is_some_and(|screen| screen.seat.id == seat.id) {
                state.screen = None;
            }
        }
        seat.session.revoke().await;
        let mut left = self.forget_what_was_seen(&seat).await;
        let connection = seat.member.connection.clone();
        let last =
            !self.state().seats.values().any(|other| other.id != seat.id && other.member.connection == connection);
        if last {
            // The admin token was typed for the people of this connection, and
            // the last of them has left.
            let slot = Slot::SigningKey { connection: &connection };
            left.extend(self.inner.keychain.delete(slot).await.err().map(|error| Problem::from(&error)));
        }
        {
            let mut state = self.state();
            if last {
                state.signing_keys.remove(&connection);
            }
            state.seats.remove(&seat.id);
            left.extend(state.roster.remove(&seat.id).err());
            if state.active.as_ref() == Some(&seat.id) {
                state.active = state.roster.members().first().map(|member| member.tenant.id());
            }
            for problem in left {
                state.notify(Problem {
                    message: format!("Signed out, but something stayed behind: {}", problem.message),
                    ..problem
                });
            }
        }
        self.changed();
        Ok(())
    }

    /// Removes what renews a tenant's session, what opens its store, and the
    /// store; answers with what could not be removed.
    pub(crate) async fn forget_what_was_seen(&self, seat: &Seat) -> Vec<Problem> {
        let mut left = Vec::new();
        for slot in [Slot::Session(&seat.id), Slot::StoreKey(&seat.id)] {
            left.extend(self.inner.keychain.delete(slot).await.err().map(|error| Problem::from(&error)));
        }
        let stores = self.inner.surroundings.places.stores();
        left.extend(Store::remove(&stores, &seat.id).err().map(|error| Problem::from(&error)));
        left
    }
}
