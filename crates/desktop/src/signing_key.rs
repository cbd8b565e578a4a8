//! The workspace's admin token on this machine, for `source = "mint"`: typed by
//! an operator, kept in the keychain and nowhere else, judged by what Tinybird
//! says of the tokens that it signs, and forgotten when the operator says so.

use std::sync::Arc;

use perch_dashboard::{EngineError, Enough, Failure, Tile};
use perch_keychain::{Kept, KeychainError, Slot};
use perch_tenant::{Secret, TokenSource, find_secret_key};
use perch_tinybird::PipeErrorKind;
use zeroize::Zeroizing;

use crate::connections::OpenedConnection;
use crate::desktop::{Desktop, Event, State};
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::view::SigningKeyView;

/// What is known of a connection's admin token. Nothing until the keychain was
/// looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SigningKey {
    /// The keychain has it.
    Kept,
    /// The keychain has it, and Tinybird takes nothing that it signs.
    Refused(Problem),
    /// The keychain has none.
    Missing,
}

impl State {
    /// A connection's admin token, as the web view is told of it.
    pub(crate) fn signing_key_view(&self, opened: &OpenedConnection) -> SigningKeyView {
        if opened.demo || !matches!(opened.connection.token, TokenSource::Mint { .. }) {
            return SigningKeyView::NotNeeded;
        }
        let is_used = self.accounts.iter().any(|account| account.connection == opened.id);
        match self.signing_keys.get(&opened.id) {
            Some(SigningKey::Kept) => SigningKeyView::Kept,
            Some(SigningKey::Refused(problem)) => SigningKeyView::Refused { problem: problem.clone() },
            Some(SigningKey::Missing) => SigningKeyView::Missing,
            // Somebody signed in with it: it will be found in a moment.
            None if is_used => SigningKeyView::Kept,
            None => SigningKeyView::Missing,
        }
    }
}

impl Desktop {
    /// Keeps the workspace's admin token in the keychain, in place of one that
    /// was there, and asks again for what is on the screen.
    pub async fn save_signing_key(&self, connection: &str, key: String) -> Result<(), Problem> {
        let opened = self.connection(connection)?;
        let key = Zeroizing::new(key);
        let key = Secret::new(key.trim());
        check(&key)?;
        let slot = Slot::SigningKey { connection: &opened.id };
        let kept = self.inner.keychain.persist(slot, &key).await.map_err(|error| Problem::from(&error))?;
        {
            let mut state = self.state();
            state.signing_keys.insert(opened.id.clone(), SigningKey::Kept);
            if kept == Kept::ForThisVisit {
                state.notify(Problem::for_this_visit());
            }
        }
        self.drop_tokens(&opened.id).await;
        self.changed();
        // Who waits for a first dashboard waits for this.
        if self.screen().is_none() {
            (self.inner.surroundings.events)(Event::Dashboards);
        }
        let screen = self.screen().filter(|screen| screen.tenant.connection_id == opened.id);
        if let Some(screen) = &screen {
            for tile in screen.dashboard.asks().filter(|tile| self.is_in_view(screen, tile)) {
                self.spawn_refresh(screen, tile.clone(), Enough::Nothing);
            }
        }
        Ok(())
    }

    /// Forgets the workspace's admin token, and what it signed.
    pub async fn forget_signing_key(&self, connection: &str) -> Result<(), Problem> {
        let opened = self.connection(connection)?;
        let slot = Slot::SigningKey { connection: &opened.id };
        self.inner.keychain.delete(slot).await.map_err(|error| Problem::from(&error))?;
        self.state().signing_keys.insert(opened.id.clone(), SigningKey::Missing);
        self.drop_tokens(&opened.id).await;
        self.changed();
        Ok(())
    }

    /// What was signed with a connection's key before is not asked with again.
    async fn drop_tokens(&self, connection: &str) {
        let of_this = |tenant: &&Arc<OpenTenant>| tenant.connection_id == connection;
        let tenants: Vec<_> = self.state().tenants.values().filter(of_this).cloned().collect();
        for viewer in tenants.iter().filter_map(|tenant| tenant.viewer.as_ref()) {
            viewer.tokens.forget().await;
        }
    }

    /// Looks which connections have their key in the keychain, and tells what
    /// is new.
    pub(crate) async fn look_for_signing_keys(&self) {
        let mut news = false;
        for opened in self.inner.connections.list().0.iter().filter(|opened| !opened.demo) {
            let found = self.inner.keychain.retrieve(Slot::SigningKey { connection: &opened.id }).await;
            let mut state = self.state();
            let known = state.signing_keys.get(&opened.id);
            let found = match found {
                Ok(Some(_)) if matches!(known, None | Some(SigningKey::Missing)) => SigningKey::Kept,
                Ok(None) if known.is_none() => SigningKey::Missing,
                // That there is no keychain is told when something is to be kept.
                Ok(_) | Err(KeychainError::Missing) => continue,
                Err(error) => {
                    state.notify(Problem::from(&error));
                    news = true;
                    continue;
                }
            };
            state.signing_keys.insert(opened.id.clone(), found);
            news = true;
        }
        if news {
            self.changed();
        }
    }

    /// Tinybird refused all that the key signed, before there was a screen.
    pub(crate) fn refuse_signing_key(&self, connection: &str, problem: &Problem) {
        let mut state = self.state();
        if let Some(known @ SigningKey::Kept) = state.signing_keys.get_mut(connection) {
            *known = SigningKey::Refused(problem.clone());
        }
    }

    /// What an answer, or Tinybird's refusal of it, says of the key that signed
    /// for it. One pipe may be refused for a reason of its own; where all that
    /// is on the screen is, the key is the reason.
    pub(crate) fn judge_signing_key(&self, screen: &Screen, outcome: Result<(), &EngineError>) {
        let tenant = &screen.tenant;
        if tenant.viewer.is_none() || !matches!(tenant.connection.token, TokenSource::Mint { .. }) {
            return;
        }
        let verdict = match outcome {
            Ok(()) => SigningKey::Kept,
            Err(error) if error.is_forbidden() && self.all_are_forbidden(screen) => {
                SigningKey::Refused(Problem::signing_key_refused(error.detail()))
            }
            Err(_) => return,
        };
        let is_news = {
            let mut state = self.state();
            match (state.signing_keys.get_mut(&tenant.connection_id), &verdict) {
                (Some(known @ SigningKey::Kept), SigningKey::Refused(_))
                | (Some(known @ SigningKey::Refused(_)), SigningKey::Kept) => {
                    *known = verdict;
                    true
                }
                // A key that was forgotten meanwhile is not brought back.
                _ => false,
            }
        };
        if is_news {
            self.changed();
        }
    }

    /// Whether no tile in view was answered with what the key signed. A tile whose
    /// pipe the token does not name was not asked, and says nothing of it.
    fn all_are_forbidden(&self, screen: &Screen) -> bool {
        let Some(engine) = screen.tenant.opened() else { return false };
        let selection = &screen.selection;
        let is_denied = |failure: Failure| match &failure.error {
            EngineError::Pipe(error) => {
                matches!(error.kind(), PipeErrorKind::Forbidden | PipeErrorKind::NotInToken { .. })
            }
            _ => false,
        };
        let is_asked = |tile: &&Tile| tile.pipe.is_some() && self.is_in_view(screen, tile);
        let mut asking = screen.dashboard.tiles.iter().filter(is_asked).peekable();
        asking.peek().is_some() && asking.all(|tile| engine.failure(tile, selection).is_some_and(is_denied))
    }
}

/// Refuses what cannot be an admin token. What is refused is not repeated.
fn check(key: &Secret) -> Result<(), Problem> {
    let key = key.expose();
    if find_secret_key(key).is_some() {
        return Err(Problem::clerk_secret_key());
    }
    if key.is_empty() {
        return Err(Problem::new(
            "signing-key-empty",
            "No admin token was entered.",
            "Paste the workspace's admin token.",
        ));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::new(
            "signing-key-malformed",
            "This is no token of Tinybird: those are one word without spaces. It was not stored.",
            "Copy the admin token from Tinybird again, and nothing around it.",
        ));
    }
    Ok(())
}
