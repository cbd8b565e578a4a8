//! Sign-in as the viewer lives through it: one at a time, with the address on
//! the screen, a way out, and a sentence for each way it can fail.

use std::time::Duration;

use perch_clerk::{Prompt, Provider, SignIn, SignedIn};
use perch_keychain::Slot;
use perch_tenant::Tenant;
use tokio::task::AbortHandle;

use crate::desktop::{Desktop, Event};
use crate::problem::Problem;
use crate::roster::Member;
use crate::seat::{kept_notice, unix_millis};
use crate::shelf::Shelved;
use crate::view::SignInView;

/// How long the browser may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The sign-in under way, or how the last one failed.
pub(crate) struct Attempt {
    pub(crate) view: SignInView,
    task: Option<AbortHandle>,
}

impl Desktop {
    /// Opens the browser at Clerk. Pressed again while one is under way for
    /// the same connection, it shows the same address again.
    pub async fn begin_sign_in(&self, connection: &str, add_organization: bool) -> Result<(), Problem> {
        let shelved = self.shelved(connection)?;
        if self.waiting_address().is_some_and(|(waiting, _)| waiting == shelved.id) {
            return self.open_sign_in_address();
        }
        self.end_attempt();
        let prompt = if add_organization { Prompt::Consent } else { Prompt::Default };
        let view = SignInView::Preparing { connection: shelved.id.clone() };
        let app = self.clone();
        // The attempt is on record before its task can say anything of it.
        self.state().sign_in = Some(Attempt { view, task: None });
        let task = tokio::spawn(async move {
            if let Err(problem) = app.sign_in(&shelved, prompt).await {
                app.show_attempt(SignInView::Failed { connection: shelved.id, problem });
            }
        });
        if let Some(attempt) = self.state().sign_in.as_mut() {
            attempt.task = Some(task.abort_handle());
        }
        self.changed();
        Ok(())
    }

    async fn sign_in(&self, shelved: &Shelved, prompt: Prompt) -> Result<(), Problem> {
        let provider = Provider::discover(&self.inner.http, &shelved.connection.clerk)
            .await
            .map_err(|error| Problem::from(&error))?;
        let sign_in = SignIn::begin(&provider, prompt).await.map_err(|error| Problem::from(&error))?;
        let url = sign_in.url().to_string();
        let expires = unix_millis((self.inner.surroundings.clock)() + PATIENCE);
        let browser_problem = self.open_browser(&url).err();
        self.show_attempt(SignInView::Waiting { connection: shelved.id.clone(), url, expires, browser_problem });
        let signed_in = sign_in.finish().await.map_err(|error| Problem::from(&error))?;
        self.show_attempt(SignInView::Finishing { connection: shelved.id.clone() });
        self.take_seat(shelved, signed_in).await?;
        self.state().sign_in = None;
        (self.inner.surroundings.events)(Event::Attention);
        self.changed();
        Ok(())
    }

    /// Keeps what renews the session, then seats the tenant and puts it on the
    /// screen.
    async fn take_seat(&self, shelved: &Shelved, signed_in: SignedIn) -> Result<(), Problem> {
        let tenant = Tenant::new(&shelved.connection, signed_in.user, signed_in.organization);
        let id = tenant.id();
        let kept = self.inner.keychain.persist(Slot::Session(&id), signed_in.session.refresh_token()).await;
        let notice = match kept {
            Ok(kept) => kept_notice(kept),
            Err(error) => return Err(Problem::from(&error)),
        };
        let member = Member { connection: shelved.id.clone(), tenant };
        let seat = self.seat(shelved, member.clone());
        let now = (self.inner.surroundings.clock)();
        seat.session.replace(signed_in.session).await;
        seat.engine(&self.inner.client).await?;
        seat.confirmed(now);
        seat.found();
        let mut state = self.state();
        for notice in notice.into_iter().chain(seat.take_notice()) {
            state.notify(notice);
        }
        if let Err(problem) = state.roster.put_first(member) {
            state.notify(problem);
        }
        state.active = Some(id);
        state.screen = None;
        Ok(())
    }

    /// Gives up the sign-in under way, or takes the failed one off the screen.
    pub fn end_sign_in(&self) {
        self.end_attempt();
        self.changed();
    }

    /// Opens the address in the browser again.
    pub fn open_sign_in_address(&self) -> Result<(), Problem> {
        let (_, url) = self.waiting_address().ok_or_else(|| Problem::gone("sign-in"))?;
        self.open_browser(&url)
    }

    /// The address of the sign-in under way, for the clipboard.
    pub fn sign_in_address(&self) -> Result<String, Problem> {
        self.waiting_address().map(|(_, url)| url).ok_or_else(|| Problem::gone("sign-in"))
    }

    fn waiting_address(&self) -> Option<(String, String)> {
        match &self.state().sign_in.as_ref()?.view {
            SignInView::Waiting { connection, url, .. } => Some((connection.clone(), url.clone())),
            _ => None,
        }
    }

    fn open_browser(&self, url: &str) -> Result<(), Problem> {
        if (self.inner.surroundings.browser)(url) {
            return Ok(());
        }
        Err(Problem::new(
            "browser-not-opened",
            "The browser could not be opened.",
            "Copy the address and open it in a browser on this machine.",
        ))
    }

    /// Dropping the task closes its listener.
    fn end_attempt(&self) {
        if let Some(task) = self.state().sign_in.take().and_then(|attempt| attempt.task) {
            task.abort();
        }
    }

    fn show_attempt(&self, view: SignInView) {
        if let Some(attempt) = self.state().sign_in.as_mut() {
            attempt.view = view;
        }
        self.changed();
    }
}
