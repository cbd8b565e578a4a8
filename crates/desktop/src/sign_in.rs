//! Sign-in as the viewer lives through it: one at a time, with the address on
//! the screen, a way out, and a sentence for each way it can fail.

use perch_clerk::{Prompt, Provider, SignIn, SignedIn};
use perch_tenant::Tenant;
use tokio::task::AbortHandle;

use crate::accounts::Account;
use crate::connections::OpenedConnection;
use crate::desktop::{Desktop, Event};
use crate::open_tenant::unix_millis;
use crate::problem::Problem;
use crate::view::SignInView;

/// The sign-in under way, or how the last one failed.
pub(crate) struct Attempt {
    /// Tells it from those before and after.
    number: u64,
    pub(crate) view: SignInView,
    task: AbortHandle,
}

impl Desktop {
    /// Opens the browser at Clerk. Pressed again while one is under way for
    /// the same connection, it shows the same address again.
    pub async fn begin_sign_in(&self, connection: &str, add_organization: bool) -> Result<(), Problem> {
        let opened = self.connection(connection)?;
        if self.waiting_address().is_some_and(|(waiting, _)| waiting == opened.id) {
            return self.open_sign_in_address();
        }
        self.abandon_attempt();
        let prompt = if add_organization { Prompt::Consent } else { Prompt::Default };
        let view = SignInView::Preparing { connection: opened.id.clone() };
        let app = self.clone();
        {
            // The attempt is on record before its task can say anything of it.
            let mut state = self.state();
            state.attempts += 1;
            let number = state.attempts;
            let task = tokio::spawn(async move {
                if let Err(problem) = app.sign_in(number, &opened, prompt).await {
                    app.show_attempt(number, SignInView::Failed { connection: opened.id, problem });
                }
            });
            state.sign_in = Some(Attempt { number, view, task: task.abort_handle() });
        }
        self.changed();
        Ok(())
    }

    async fn sign_in(&self, number: u64, opened: &OpenedConnection, prompt: Prompt) -> Result<(), Problem> {
        let connection = || opened.id.clone();
        let provider = Provider::discover(&self.inner.http, &opened.connection.clerk)
            .await
            .map_err(|error| Problem::from(&error))?;
        let sign_in = SignIn::begin(&provider, prompt).await.map_err(|error| Problem::from(&error))?;
        let url = sign_in.url().to_string();
        let expires = unix_millis((self.inner.surroundings.clock)() + SignIn::PATIENCE);
        let browser_problem = self.open_browser(&url).err();
        self.show_attempt(number, SignInView::Waiting { connection: connection(), url, expires, browser_problem });
        let signed_in = sign_in.finish().await.map_err(|error| Problem::from(&error))?;
        self.show_attempt(number, SignInView::Finishing { connection: connection() });
        self.welcome(opened, signed_in).await;
        {
            let mut state = self.state();
            if state.sign_in.as_ref().is_some_and(|attempt| attempt.number == number) {
                state.sign_in = None;
            }
        }
        (self.inner.surroundings.events)(Event::Attention);
        self.changed();
        Ok(())
    }

    /// Keeps what renews the session, and puts the tenant on the screen. From
    /// here on the person is signed in: what goes wrong is told and undoes
    /// nothing.
    async fn welcome(&self, opened: &OpenedConnection, signed_in: SignedIn) {
        let tenant = Tenant::new(&opened.connection, signed_in.user, signed_in.organization);
        let account = Account { connection: opened.id.clone(), tenant, for_this_visit: false };
        let (tenant, before) = self.place(opened, account.clone());
        if let Some(before) = before {
            before.close(Problem::gone("dashboard")).await;
        }
        let kept = tenant.session.adopt(signed_in.session).await;
        let account = Account { for_this_visit: !kept, ..account };
        {
            // First of all, so that whatever is kept can be signed out of.
            let mut state = self.state();
            if let Err(problem) = state.accounts.put_first(account) {
                state.notify(problem);
            }
        }
        if let Err(problem) = tenant.engine(&self.inner.client).await {
            self.tell(problem);
        }
        tenant.confirmed((self.inner.surroundings.clock)());
        tenant.found();
        {
            let mut state = self.state();
            state.active = Some(tenant.id.clone());
            state.screen = None;
        }
        self.tell_of(&tenant);
    }

    /// Gives up the sign-in under way, or takes the failed one off the screen.
    pub fn cancel_sign_in(&self) {
        self.abandon_attempt();
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

    /// Dropping the task closes its listener. One that the browser has come
    /// back to is let finish: the person is signed in.
    fn abandon_attempt(&self) {
        if let Some(attempt) = self.state().sign_in.take()
            && !matches!(attempt.view, SignInView::Finishing { .. })
        {
            attempt.task.abort();
        }
    }

    fn show_attempt(&self, number: u64, view: SignInView) {
        if let Some(attempt) = self.state().sign_in.as_mut().filter(|attempt| attempt.number == number) {
            attempt.view = view;
        }
        self.changed();
    }
}
