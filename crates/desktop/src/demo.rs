//! The demo: the sandbox in this process, started only when somebody asks.

use perch_sandbox::{Options, Sandbox};
use perch_tenant::{Origin, Secret};
use url::Url;

use crate::connections::OpenedConnection;
use crate::desktop::Desktop;
use crate::problem::Problem;

impl Desktop {
    /// Starts the sandbox and opens its connection. A sandbox that was here
    /// before comes back at the same addresses with the same people, so that
    /// whoever was signed in still is.
    pub async fn start_demo(&self) -> Result<(), Problem> {
        let _starting = self.inner.starting_demo.lock().await;
        if self.state().demo.is_some() {
            return Ok(());
        }
        let before = self.inner.connections.list().0.into_iter().find(|opened| opened.demo);
        let port = |origin: fn(&OpenedConnection) -> &Origin| {
            before.as_ref().and_then(|opened| Url::parse(origin(opened).as_str()).ok()?.port()).unwrap_or(0)
        };
        let options = Options {
            clerk_port: port(|opened| &opened.connection.clerk.issuer),
            tinybird_port: port(|opened| &opened.connection.tinybird.host),
            data: Some(self.inner.surroundings.places.sandbox()),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.map_err(|error| {
            Problem::new(
                "demo-not-started",
                format!("The sandbox could not be started: {error}."),
                "Close what uses its ports; or sign out of the demo, remove its connection and start it again.",
            )
        })?;
        let opened = self.inner.connections.open_demo(&sandbox.connection_toml(), Sandbox::dashboards())?;
        self.follow_files();
        self.inner.keys.set_demo(opened.id.clone(), Secret::new(sandbox.admin_token()));
        self.renew_public(&opened).await;
        {
            let mut state = self.state();
            state.demo = Some((opened.id.clone(), sandbox));
            // Whoever is signed in there need not wait for the next attempt.
            for tenant in state.tenants.values().filter(|tenant| tenant.connection_id == opened.id) {
                tenant.retry_now();
            }
        }
        self.inner.wake.notify_one();
        self.changed();
        Ok(())
    }
}
