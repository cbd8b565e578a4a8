//! Clerk and Tinybird stand-ins in one process, for the demo and the tests.
//!
//! [`Sandbox::start`] binds three ports of 127.0.0.1. On one answers a *Clerk*:
//! an OpenID provider with a sign-in page and a consent page, and the Native
//! API with an Account Portal, whose tokens are real ones, signed and checked;
//! on another its Backend API, for servers with the secret key. On the third answers a *Tinybird*: pipes over a SQLite of web events, for
//! tokens signed with its admin token. What a real service refuses is refused
//! here with the same status and in the same form, so that a client which works
//! here has met the refusals too. Clerk's answers are held against Clerk's own
//! specification in `tests/sandbox/specification.rs`.
//!
//! It is a stand-in and says so on every page. It has no secrets: people,
//! passwords, ids and the admin token are the same at every start.
//!
//! # What a browser test can rely on
//!
//! | page | elements |
//! |---|---|
//! | sign-in, path `/sign-in` | `input#email`, `input#password`, `button#sign-in`, `button#cancel`; for each of [`people`] one `button[data-person="grace"]` that signs in at once; `#error` after a wrong password |
//! | Account Portal, path `/portal/sign-in` | the elements of the sign-in page; then the browser is sent to `perch://callback?…`, and the page, once more in a browser that did not go there, holds `a#return` with that address; `#cancelled` after `button#cancel` |
//! | consent, path `/consent` | for each of the person's organizations `input[name=organization][value="org_…"]` (the first, or the last chosen, is checked), `button#allow`, `button#deny`, `button#switch-account`; `#account` names who is signed in |
//! | a request that is refused | `#refusal` holds the reason |
//!
//! All of it works without JavaScript; there is none.

mod clerk;
mod clock;
mod connection;
mod error;
mod loopback;
mod people;
mod tinybird;
#[cfg(feature = "visitor")]
pub mod visitor;
#[cfg(feature = "visitor")]
mod witness;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

pub use clock::Clock;
pub use error::SandboxError;
pub use people::{Membership, Organization, Person, organizations, people};
#[cfg(feature = "visitor")]
pub use witness::Witness;

use clerk::Clerk;
use loopback::Running;
use tinybird::Tinybird;

/// The OAuth application's public id.
const CLIENT_ID: &str = "perch_sandbox_desktop";
/// The JWT template for Tinybird, by the name that Clerk offers for it.
const JWT_TEMPLATE: &str = "tinybird";
/// The Tinybird workspace's UUID.
const WORKSPACE_ID: &str = "5a4db0c5-0000-4000-8000-000000000001";
/// Signs the tenants' tokens. No secret: it opens this stand-in only.
const ADMIN_TOKEN: &str = "p.the-admin-token-of-the-perch-sandbox";
/// Reads what anyone may see, which is totals of all organizations.
const PUBLIC_TOKEN: &str = "p.the-public-token-of-the-perch-sandbox";
/// Opens Clerk's Backend API. No secret either.
const SECRET_KEY: &str = "sk_test_thePerchSandboxIsAllThatThisOpens";
const ADMIN_TOKEN_NOTE: &str = "The signing key is not in it: the sandbox prints its admin token.";

/// How a sandbox is started. [`Options::default`] takes free ports, keeps
/// nothing, and makes 200,000 events up to now, and those of the day to come.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port of the Clerk part; 0 takes a free one.
    pub clerk_port: u16,
    /// The port of Clerk's Backend API; 0 takes a free one.
    pub backend_port: u16,
    /// The port of the Tinybird part; 0 takes a free one.
    pub tinybird_port: u16,
    /// A folder whose `NAME.json` files are served as the pipes `NAME`, byte
    /// for byte. They win over the sandbox's own pipes of the same name. Files
    /// whose stem is not a pipe's name are left out.
    pub answers: Option<PathBuf>,
    /// The folder in which Clerk's key and grants outlive a restart, made when
    /// it is not there. `None` keeps them in memory.
    pub data: Option<PathBuf>,
    /// The moment which the pipes take for the present, standing still. `None`
    /// reads `clock`: the present moves on, and has new events for 24 hours
    /// after the start.
    pub now: Option<SystemTime>,
    /// At least so many events in the 90 days before today.
    pub events: usize,
    /// What decides when codes and tokens expire, and rates recover.
    pub clock: Clock,
    /// Whether OAuth access tokens are texts that mean nothing to a client,
    /// instead of JWTs: Clerk leaves that to the operator.
    pub opaque_access_tokens: bool,
    /// Scopes that the operator added to Clerk's own.
    pub custom_scopes: Vec<String>,
    /// Whether organizations are enabled. Where they are not, the scope
    /// `user:org:read` is unknown and nobody is a member of anything.
    pub organizations: bool,
    /// Whether the Native API is enabled, which hosted authentication needs.
    pub native_api: bool,
    /// Who stands before the Clerk part.
    #[cfg(feature = "visitor")]
    pub witness: Option<Witness>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clerk_port: 0,
            backend_port: 0,
            tinybird_port: 0,
            answers: None,
            data: None,
            now: None,
            events: 200_000,
            clock: Clock::system(),
            opaque_access_tokens: false,
            custom_scopes: Vec::new(),
            organizations: true,
            native_api: true,
            #[cfg(feature = "visitor")]
            witness: None,
        }
    }
}

/// A sandbox that answers. Dropping it closes its ports too, without waiting.
pub struct Sandbox {
    clerk_origin: String,
    backend_origin: String,
    tinybird_origin: String,
    clerk: Arc<Clerk>,
    tinybird: Arc<Tinybird>,
    servers: [Running; 3],
}

impl Sandbox {
    /// Starts the services. Needs a Tokio runtime, and returns when all answer.
    ///
    /// # Errors
    ///
    /// A port that is taken, a folder that cannot be used.
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        let bind = async |port| loopback::bind(port).await.map_err(|source| SandboxError::Port { port, source });
        let clerk_port = bind(options.clerk_port).await?;
        let backend_port = bind(options.backend_port).await?;
        let tinybird_port = bind(options.tinybird_port).await?;
        let clerk_origin = clerk_port.origin();
        let backend_origin = backend_port.origin();
        let tinybird_origin = tinybird_port.origin();

        // An RSA key and 200,000 rows take a moment each: made side by side.
        let issuer = (clerk_origin.clone(), clerk_port.port());
        let theirs = options.clone();
        #[cfg(feature = "visitor")]
        let witness = options.witness.clone();
        let clerk = tokio::task::spawn_blocking(move || Clerk::open(issuer.0, issuer.1, &theirs));
        let tinybird = tokio::task::spawn_blocking(move || Tinybird::build(&options));
        let clerk = clerk.await.map_err(|_| SandboxError::Interrupted)??;
        let tinybird = Arc::new(tinybird.await.map_err(|_| SandboxError::Interrupted)??);
        let clerk = Arc::new(clerk.with_template_for(tinybird.pipe_names()));

        let clerk_router = clerk::router(Arc::clone(&clerk));
        #[cfg(feature = "visitor")]
        let clerk_router = match witness {
            Some(witness) => witness.before(clerk_router),
            None => clerk_router,
        };
        let servers = [
            clerk_port.serve(clerk_router),
            backend_port.serve(clerk::backend(Arc::clone(&clerk))),
            tinybird_port.serve(tinybird::router(Arc::clone(&tinybird))),
        ];
        Ok(Self { clerk_origin, backend_origin, tinybird_origin, clerk, tinybird, servers })
    }

    /// The Clerk part's address, which is its issuer: `http://127.0.0.1:PORT`.
    pub fn clerk(&self) -> &str {
        &self.clerk_origin
    }

    /// The address of Clerk's Backend API: `http://127.0.0.1:PORT`.
    pub fn backend(&self) -> &str {
        &self.backend_origin
    }

    /// The Tinybird part's address: `http://127.0.0.1:PORT`.
    pub fn tinybird(&self) -> &str {
        &self.tinybird_origin
    }

    /// The key that signs the tenants' tokens.
    pub fn admin_token(&self) -> &str {
        ADMIN_TOKEN
    }

    /// The secret key, which the Backend API takes.
    pub fn secret_key(&self) -> &str {
        SECRET_KEY
    }

    /// The Tinybird workspace's UUID.
    pub fn workspace_id(&self) -> &str {
        WORKSPACE_ID
    }

    /// The publishable key, which names the Clerk part's address.
    pub fn publishable_key(&self) -> String {
        connection::publishable_key(&self.clerk_origin)
    }

    /// The OAuth application's public id.
    pub fn client_id(&self) -> &str {
        CLIENT_ID
    }

    /// A connection file for these addresses, whose template names every pipe
    /// that is served.
    pub fn connection_toml(&self) -> String {
        connection::connection_toml(&self.clerk_origin, &self.tinybird_origin, &self.tinybird.pipe_names())
    }

    /// A connection file for these addresses with hosted authentication, whose
    /// tokens the Clerk part signs from its JWT template `tinybird`.
    pub fn hosted_connection_toml(&self) -> String {
        connection::hosted_connection_toml(&self.clerk_origin, &self.tinybird_origin)
    }

    /// A connection file for these addresses whose tokens the broker at
    /// `broker_url` signs.
    pub fn broker_connection_toml(&self, broker_url: &str) -> String {
        connection::broker_connection_toml(&self.clerk_origin, &self.tinybird_origin, broker_url)
    }

    /// The claims of [`Sandbox::connection_toml`]'s template, as JSON with
    /// Clerk's shortcodes.
    pub fn claims_template(&self) -> String {
        connection::template(&self.tinybird.pipe_names())
    }

    /// The sample dashboards, as pairs of file name without `.toml` and text.
    pub fn dashboards() -> &'static [(&'static str, &'static str)] {
        &[
            ("web-traffic", include_str!("../../../dashboards/web-traffic.toml")),
            ("site-overview", include_str!("../../../dashboards/site-overview.toml")),
            ("weekly-report", include_str!("../../../dashboards/weekly-report.toml")),
            ("who-visits", include_str!("../../../dashboards/who-visits.toml")),
        ]
    }

    /// The events, so that a test can ask in SQL what a pipe should answer:
    /// table `events` with `timestamp` (seconds since 1970), `org_id`,
    /// `session_id`, `pathname`, `source`, `location`, `device`, `browser`.
    /// Rows with a `timestamp` after now are those of the 24 hours that follow
    /// the start: no pipe tells them yet, so a count leaves them out. Pipes wait while the lock is held.
    pub fn database(&self) -> Arc<Mutex<Connection>> {
        self.tinybird.database()
    }

    /// How many requests for pipes have come so far, refused ones too.
    pub fn pipe_queries(&self) -> usize {
        self.tinybird.queries()
    }

    /// How many requests have come to the Backend API so far, refused ones too.
    pub fn backend_requests(&self) -> usize {
        self.clerk.backend_requests()
    }

    /// Makes the Backend API answer every request with 429 and a `Retry-After`
    /// of `wait` in whole seconds, at least one; `None` ends that.
    pub fn limit_backend(&self, wait: Option<Duration>) {
        self.clerk.limit_backend(wait);
    }

    /// Ends every session at the Clerk part, OAuth and hosted, as an
    /// administrator does.
    ///
    /// # Errors
    ///
    /// A ledger that cannot be written.
    pub fn end_sessions(&self) -> Result<(), SandboxError> {
        self.clerk.end_sessions()
    }

    /// Removes a person, by handle or id, from an organization, as an
    /// administrator does. Their sessions for it go on and are for no
    /// organization: userinfo and renewed ID tokens come without `org_*`
    /// claims, a hosted session's token is for nobody's rows. The consent page
    /// does not offer it any more, and the memberships do not list it. Kept in
    /// the data folder, where there is one.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Membership`] when they were never a member of it; a
    /// ledger that cannot be written.
    pub fn end_membership(&self, person: &str, organization: &str) -> Result<(), SandboxError> {
        self.clerk.end_membership(person, organization)
    }

    /// Whether the Clerk part would take this refresh token or client token now,
    /// and the session behind it goes on. Asking uses nothing up.
    ///
    /// # Errors
    ///
    /// A ledger that cannot be read.
    #[cfg(feature = "visitor")]
    pub fn takes(&self, token: &str) -> Result<bool, SandboxError> {
        self.clerk.takes(token)
    }

    /// Finishes what is under way, at most two seconds, and closes the ports.
    pub async fn stop(self) {
        for server in self.servers {
            server.stop().await;
        }
    }
}
