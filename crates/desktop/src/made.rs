//! A dashboard from nothing: where a connection came without dashboard files, the pipes in the tenant's token are asked
//! what they answer, and a dashboard is made of that. It is kept with the tenant, in its sealed store, and made again
//! when the token reads other pipes.

use std::sync::Arc;
use std::time::Duration;

use perch_dashboard::{EngineError, LeftOut, Survey, Tokens, survey};
use perch_tenant::TokenSource;
use serde::{Deserialize, Serialize};

use crate::connections::{DashboardFile, OpenedConnection};
use crate::desktop::{Desktop, Event};
use crate::open_tenant::{OpenTenant, Viewer};
use crate::problem::Problem;
use crate::view::{LeftOutView, MadeView, MakingView};

/// Under which the sealed store keeps the made dashboard.
const NOTE: &str = "made";
/// The made dashboard's id.
pub(crate) const ID: &str = "from-your-pipes";
/// The wait after nobody answered.
const TRY_AGAIN: Duration = Duration::from_secs(15);

/// A dashboard that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// What the token read then.
    pipes: Vec<String>,
    /// As a file would have it.
    pub(crate) text: String,
    left_out: Vec<LeftOutView>,
    /// Whether one of those may answer when it is asked again.
    again: bool,
}

impl Made {
    /// The dashboard as a file that nobody wrote.
    pub(crate) fn file(&self) -> DashboardFile {
        DashboardFile::read(ID, "from-your-pipes.toml", self.text.as_bytes())
    }

    fn view(self) -> MadeView {
        MadeView { left_out: self.left_out }
    }
}

impl OpenTenant {
    /// The dashboard that was made, if one was.
    pub(crate) fn made(&self) -> Option<Made> {
        let noted = self.store()?.noted(NOTE).ok().flatten()?;
        serde_json::from_str(&noted).ok()
    }

    /// What to tell of a dashboard on the screen that was made.
    pub(crate) fn made_view(&self, dashboard: &str, opened: &OpenedConnection) -> Option<MadeView> {
        self.made().filter(|_| dashboard == ID && !self.has_files(opened)).map(Made::view)
    }

    fn keep_made(&self, made: &Made) {
        let Some(store) = self.store() else { return };
        let kept = serde_json::to_string(made).ok().map(|text| store.note(NOTE, &text));
        if let Some(Err(error)) = kept {
            tracing::warn!(code = error.code(), "the made dashboard is not kept");
        }
    }
}

impl Desktop {
    /// What to tell where a tenant has no dashboard, and begins to make one where that can help.
    pub(crate) fn no_dashboard(&self, tenant: &Arc<OpenTenant>, opened: &OpenedConnection) -> Problem {
        if tenant.viewer.is_none() {
            return Problem::new(
                "no-dashboard",
                "This connection came without dashboards.",
                "Put dashboard files into a folder named dashboards beside the connection file and open it again.",
            );
        }
        if tenant.has_files(opened) {
            return Problem::new(
                "no-dashboard-for-you",
                "None of the dashboards here is for your organization and role.",
                "Ask your operator which dashboard you should see.",
            );
        }
        if let Some(problem) = tenant.take_unmade() {
            return problem;
        }
        self.begin_making(tenant);
        Problem::new("making-dashboard", "Perch is making a dashboard from your pipes.", "It appears here in a moment.")
    }

    /// Makes the dashboard anew where the token reads other pipes than it was made of.
    pub(crate) async fn look_for_made(&self, tenant: &Arc<OpenTenant>) {
        let (Some(viewer), Ok(opened)) = (&tenant.viewer, self.connection(&tenant.connection_id)) else { return };
        let Some(made) = tenant.made().filter(|_| !tenant.has_files(&opened)) else { return };
        let Ok(token) = viewer.tokens.token(false).await else { return };
        if made.again || !token.pipes().eq(made.pipes.iter().map(String::as_str)) {
            self.begin_making(tenant);
        }
    }

    /// Tries again for a tenant that waits for its first dashboard and found nobody.
    pub(crate) fn look_over_unmade(&self) {
        let tenant = {
            let state = self.state();
            state.active.as_ref().and_then(|active| state.tenants.get(active)).cloned()
        };
        if let Some(tenant) = tenant.filter(|tenant| tenant.should_make_again()) {
            self.begin_making(&tenant);
        }
    }

    /// Starts asking the pipes, unless that is under way.
    fn begin_making(&self, tenant: &Arc<OpenTenant>) {
        if !tenant.begin_making() {
            return;
        }
        let (app, tenant) = (self.clone(), tenant.clone());
        tokio::spawn(async move {
            let outcome = app.make(&tenant).await;
            let is_here = app.state().is_current(&tenant);
            let is_news = match outcome {
                Ok(made) => {
                    let is_news = tenant.made().as_ref() != Some(&made);
                    if is_here && is_news {
                        tenant.keep_made(&made);
                    }
                    tenant.found();
                    tenant.end_making(None);
                    is_news
                }
                Err(Unmade { problem, offline }) => {
                    if offline {
                        tenant.lost(None);
                    }
                    let again = offline.then(|| tenant.now() + TRY_AGAIN);
                    tenant.end_making(Some((problem, again)));
                    tenant.made().is_none()
                }
            };
            if is_here {
                app.changed();
            }
            if is_here && is_news {
                (app.inner.surroundings.events)(Event::Dashboards);
            }
        });
    }

    async fn make(&self, tenant: &Arc<OpenTenant>) -> Result<Made, Unmade> {
        let viewer = tenant.viewer.as_ref().ok_or_else(|| Problem::gone("dashboard"))?;
        let engine = tenant.engine(&self.inner.client).await?;
        let token = viewer.tokens.token(false).await.map_err(EngineError::from)?;
        let pipes: Vec<String> = token.pipes().map(str::to_owned).collect();
        let progress = |asked: usize| {
            let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
            tenant.tell_making(MakingView { asked: count(asked), pipes: count(pipes.len()) });
            self.changed();
        };
        progress(0);
        let survey = survey(engine, &pipes, progress).await?;
        let title = tenant.connection.name.to_string();
        let Some(text) = survey.outline(&title) else {
            return Err(self.nothing_answered(tenant, viewer, &survey).into());
        };
        let again = survey.left_out.iter().any(|left_out| left_out.passing);
        let left_out = survey.left_out.into_iter().map(LeftOutView::from).collect();
        Ok(Made { pipes, text, left_out, again })
    }

    /// Why there is nothing to make a dashboard of.
    fn nothing_answered(&self, tenant: &OpenTenant, viewer: &Viewer, survey: &Survey) -> Problem {
        let reasons: Vec<_> =
            survey.left_out.iter().map(|LeftOut { pipe, why, .. }| format!("{pipe}: {why}")).collect();
        let is_refused = survey.left_out.iter().all(|left_out| left_out.code == "pipe-forbidden");
        if is_refused && matches!(tenant.connection.token, TokenSource::Mint { .. }) {
            let problem = Problem::signing_key_refused(Some(reasons.join("\n")));
            self.refuse_signing_key(&viewer.account.connection, &problem);
            return problem;
        }
        Problem::new(
            "no-pipe-answered",
            "None of the pipes that you may read answered, so there is nothing to make a dashboard of.",
            "Ask your operator to check the pipes with perchctl new, or try again.",
        )
        .with_detail(Some(reasons.join("\n")))
    }
}

/// Why no dashboard was made.
struct Unmade {
    problem: Problem,
    /// Whether nobody answered.
    offline: bool,
}

impl From<Problem> for Unmade {
    fn from(problem: Problem) -> Self {
        Self { problem, offline: false }
    }
}

impl From<EngineError> for Unmade {
    fn from(error: EngineError) -> Self {
        Self { problem: Problem::from(&error), offline: error.is_offline() }
    }
}

impl From<LeftOut> for LeftOutView {
    fn from(LeftOut { pipe, why, .. }: LeftOut) -> Self {
        Self { pipe, why }
    }
}
