//! The demo: the sandbox in this process, started only when somebody asks.

use perch_sandbox::{Options, Sandbox};
use perch_tenant::{Origin, Secret};
use url::Url;

use crate::desktop::Desktop;
use crate::problem::Problem;
use crate::shelf::Shelved;

impl Desktop {
    /// Starts the sandbox and puts its connection on the shelf. A sandbox that
    /// was here before comes back at the same addresses with the same people,
    /// so that whoever was signed in still is.
    pub async fn start_demo(&self) -> Result<(), Problem> {
        if self.state().demo.is_some() {
            return Ok(());
        }
        let before = self.inner.shelf.list().0.into_iter().find(|shelved| shelved.demo);
        let port = |origin: fn(&Shelved) -> &Origin| {
            before.as_ref().and_then(|shelved| Url::parse(origin(shelved).as_str()).ok()?.port()).unwrap_or(0)
        };
        let options = Options {
            clerk_port: port(|shelved| &shelved.connection.clerk.issuer),
            tinybird_port: port(|shelved| &shelved.connection.tinybird.host),
            data: Some(self.inner.surroundings.places.sandbox()),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.map_err(|error| {
            Problem::new(
                "demo-not-started",
                format!("The sandbox could not be started: {error}."),
                "Close what uses these ports, or sign out of the demo and start it again.",
            )
        })?;
        let shelved = self.inner.shelf.open_demo(&sandbox.connection_toml(), Sandbox::dashboards())?;
        self.inner.keys.set_demo(shelved.id.clone(), Secret::new(sandbox.admin_token()));
        self.state().demo = Some((shelved.id.clone(), sandbox));
        // Whoever is signed in there need not wait for the next attempt.
        for seat in self.state().seats.values().filter(|seat| seat.member.connection == shelved.id) {
            seat.retry_now();
        }
        self.inner.bell.notify_one();
        self.changed();
        Ok(())
    }
}
