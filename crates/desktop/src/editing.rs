//! Editing a dashboard whose file stands beside the connection file. The draft
//! is what the screen shows: asked for, fenced and drawn like any dashboard, so
//! that each tile is its own preview. It is kept in the tenant's sealed store
//! with each step, so that neither a crash nor a full disk takes it, and becomes
//! the file only when it is saved.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use perch_chart::{Kind, Spec};
use perch_dashboard::{
    Assignment, Change, ChartKey, Dashboard, Draft, EditError, Enough, NewTile, Selection, Tile, Tokens,
};
use perch_tinybird::{Answer, Family, Table};
use serde::{Deserialize, Serialize};

use crate::connections::{DashboardFile, OWN, mark_edited};
use crate::desktop::Desktop;
use crate::disk;
use crate::made;
use crate::open_tenant::OpenTenant;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::view::{ColumnView, DashboardView, EditView, KindView, TileForm};

/// How long a change waits for the columns of a pipe that was not asked before.
const COLUMNS_WITHIN: Duration = Duration::from_secs(10);

/// The ways to write numbers that need no more than a name.
const FORMATS: [&str; 7] = ["auto", "number", "compact", "percent", "ratio", "bytes", "duration"];

/// A tenant's dashboards that are being edited, by id.
#[derive(Default)]
pub(crate) struct Drafts(Mutex<HashMap<String, Editing>>);

/// One of them.
struct Editing {
    draft: Draft,
    file: PathBuf,
    restored: bool,
    /// The tile that the last change was about.
    tile: Option<String>,
}

/// A draft as it is kept in the sealed store.
#[derive(Serialize, Deserialize)]
struct KeptDraft {
    /// What was in the file when the edit began.
    saved: String,
    text: String,
}

impl Drafts {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Editing>> {
        // Each draft is changed whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenTenant {
    /// Puts drafts in the place of the files that they will become, also where
    /// such a file is gone: what somebody is writing stays before their eyes. Not
    /// among dashboards that are served, where no file will be.
    pub(crate) fn show_drafts(&self, files: &mut Vec<DashboardFile>) {
        for (id, editing) in self.drafts.lock().iter() {
            let name = editing.file.file_name().unwrap_or_default().to_string_lossy();
            let draft = DashboardFile::read(id, &name, editing.draft.text().as_bytes());
            match files.iter_mut().find(|file| file.id == *id) {
                Some(file) => *file = draft,
                None if self.served().is_some() => {}
                None => files.insert(files.partition_point(|file| file.id < *id), draft),
            }
        }
    }

    /// The draft that an earlier visit left.
    fn kept_draft(&self, dashboard: &str) -> Option<KeptDraft> {
        serde_json::from_str(&self.noted(&draft_note(dashboard))?).ok()
    }

    /// Whether a dashboard is being edited, or was and has not been saved.
    pub(crate) fn has_draft(&self, dashboard: &str) -> bool {
        self.drafts.lock().contains_key(dashboard) || self.kept_draft(dashboard).is_some()
    }

    /// Keeps a draft, or forgets it where there is nothing to save.
    fn keep_draft(&self, dashboard: &str, draft: &Draft) {
        let kept = KeptDraft { saved: draft.saved_text().to_owned(), text: draft.text().to_owned() };
        let text = draft.is_changed().then(|| serde_json::to_string(&kept).ok()).flatten();
        self.note(&draft_note(dashboard), &text.unwrap_or_default());
    }

    fn begin_draft(&self, dashboard: &str, file: PathBuf, text: &str) {
        let kept = self.kept_draft(dashboard);
        let restored = kept.is_some();
        let draft = match kept {
            Some(kept) => Draft::restored(dashboard, &kept.saved, &kept.text),
            None => Draft::new(dashboard, text),
        };
        self.drafts.lock().entry(dashboard.to_owned()).or_insert(Editing { draft, file, restored, tile: None });
    }

    /// Changes a draft and keeps it. Nothing has changed where `work` fails.
    fn change_draft(
        &self,
        dashboard: &str,
        work: impl FnOnce(&mut Draft) -> Result<Option<String>, EditError>,
    ) -> Result<(), Problem> {
        let mut drafts = self.drafts.lock();
        let editing = drafts.get_mut(dashboard).ok_or_else(|| Problem::gone("draft"))?;
        editing.tile = work(&mut editing.draft)?;
        self.keep_draft(dashboard, &editing.draft);
        Ok(())
    }

    /// Forgets a draft, here and in the sealed store.
    pub(crate) fn forget_draft(&self, dashboard: &str) {
        self.drafts.lock().remove(dashboard);
        self.note(&draft_note(dashboard), "");
    }

    pub(crate) fn draft(&self, dashboard: &str) -> Result<(Draft, PathBuf), Problem> {
        let drafts = self.drafts.lock();
        let editing = drafts.get(dashboard).ok_or_else(|| Problem::gone("draft"))?;
        Ok((editing.draft.clone(), editing.file.clone()))
    }
}

impl Desktop {
    /// Begins to edit the dashboard on the screen, or goes on where an earlier
    /// visit left it unsaved. Refused, with the reason, where its file is changed
    /// elsewhere.
    pub async fn begin_edit(&self, tenant: &str, dashboard: &str) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let file = self.editable(&screen.tenant, &screen.dashboard)?;
        let text = disk::read_whole(&file).map_err(|error| Problem::file(&file, &error))?;
        screen.tenant.begin_draft(dashboard, file, &text);
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Makes a change of the draft on the screen. For a pipe or a kind that is
    /// new to a tile, columns are chosen that suit.
    pub async fn edit(&self, tenant: &str, dashboard: &str, change: Change) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let change = self.fitted(&screen, change).await?;
        screen.tenant.change_draft(dashboard, |draft| draft.apply(&change))?;
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Takes the last change of the draft back.
    pub async fn undo_edit(&self, tenant: &str, dashboard: &str) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.change_draft(dashboard, |draft| Ok(draft.undo()).map(|_| None))?;
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Makes a change again that was taken back.
    pub async fn redo_edit(&self, tenant: &str, dashboard: &str) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.change_draft(dashboard, |draft| Ok(draft.redo()).map(|_| None))?;
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Writes the draft into its file, and goes on editing. A file that somebody
    /// has changed meanwhile is left as it is, unless it is to be overwritten;
    /// where writing fails, file and draft stay as they were.
    pub async fn save_edit(&self, tenant: &str, dashboard: &str, overwrite: bool) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        Self::may_add(&screen.tenant)?;
        let (draft, file) = screen.tenant.draft(dashboard)?;
        {
            let _turn = self.inner.connections.turn();
            if !overwrite {
                is_as_it_was(&file, &draft)?;
            }
            let write = |path: &Path, text: &str| {
                disk::write_whole(path, text.as_bytes()).map_err(|error| Problem::not_saved(&file, &error))
            };
            if !file.exists() {
                // The operator has none of this name any more: without the mark it would go with their next change.
                write(&file.with_added_extension(OWN), "")?;
            }
            write(&file, draft.text())?;
            if let Err(error) = mark_edited(&file) {
                tracing::warn!(%error, "the connection's file, opened again, will replace this dashboard");
            }
        }
        screen.tenant.change_draft(dashboard, |now| {
            now.mark_saved_as(draft.text());
            Ok(None)
        })?;
        self.open_dashboard(tenant, Some(dashboard)).await
    }

    /// Leaves the draft: the file is shown as it is, and what was not saved is
    /// gone.
    pub async fn discard_edit(&self, tenant: &str, dashboard: &str) -> Result<DashboardView, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.forget_draft(dashboard);
        match self.open_dashboard(tenant, Some(dashboard)).await {
            // Its file went while it was edited.
            Err(problem) if problem.code == "gone" => self.open_dashboard(tenant, None).await,
            opened => opened,
        }
    }

    /// What a tile of the draft on the screen can become, or one that is still
    /// to be added.
    pub async fn tile_form(&self, tenant: &str, dashboard: &str, tile: Option<&str>) -> Result<TileForm, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let (draft, _) = screen.tenant.draft(dashboard)?;
        let shown = tile.and_then(|tile| screen.dashboard.tile(tile));
        let answer = match shown {
            Some(tile) => self.answer(&screen, tile).await?,
            None => None,
        };
        let columns = answer.as_ref().map(|answer| answer.table.columns()).unwrap_or_default();
        let columns = columns
            .iter()
            .map(|column| ColumnView { name: column.name().to_owned(), is_number: column.family() == Family::Number });
        Ok(TileForm {
            keys: tile.and_then(|tile| draft.keys(tile)),
            pipes: self.pipes_of(&screen).await,
            columns: columns.collect(),
            kinds: kinds(answer.as_deref()),
            formats: FORMATS.map(str::to_owned).to_vec(),
        })
    }

    /// How far a dashboard's edit has come, or why there can be none.
    pub(crate) fn edit_view(&self, tenant: &OpenTenant, dashboard: &Dashboard) -> EditView {
        if let Some(editing) = tenant.drafts.lock().get(&dashboard.id) {
            return EditView::UnderWay {
                unsaved: editing.draft.is_changed(),
                can_undo: editing.draft.can_undo(),
                can_redo: editing.draft.can_redo(),
                restored: editing.restored,
                tile: editing.tile.clone(),
            };
        }
        match self.editable(tenant, dashboard) {
            Ok(_) => EditView::Possible { unsaved: tenant.kept_draft(&dashboard.id).is_some() },
            Err(problem) => EditView::Locked { problem },
        }
    }

    /// The file to edit, or why this is not the place.
    pub(crate) fn editable(&self, tenant: &OpenTenant, dashboard: &Dashboard) -> Result<PathBuf, Problem> {
        if dashboard.public {
            return Err(Problem::edited_elsewhere("Anyone may see this dashboard, so it is not changed from here."));
        }
        Self::may_add(tenant)?;
        let file = self.connection(&tenant.connection_id)?.dashboard_file(&dashboard.id);
        file.ok_or_else(|| match dashboard.id.as_str() {
            made::ID => Problem::new(
                "made",
                "This dashboard was made from your pipes and has no file yet.",
                "Keep it as a dashboard first.",
            ),
            _ => Problem::edited_elsewhere("This dashboard is not one of the connection's own files."),
        })
    }

    /// Whether this is the place for dashboards of the tenant's connection.
    pub(crate) fn may_add(tenant: &OpenTenant) -> Result<(), Problem> {
        if tenant.viewer.is_none() {
            return Err(Problem::edited_elsewhere("Anyone may see this dashboard, so it is not changed from here."));
        }
        if tenant.served().is_some() {
            return Err(Problem::edited_elsewhere("Your operator serves this dashboard to everybody from one place."));
        }
        Ok(())
    }

    /// The change with the columns that suit, where it brings a pipe or a kind.
    async fn fitted(&self, screen: &Screen, change: Change) -> Result<Change, Problem> {
        match change {
            Change::Add { tile, after } if tile.pipe.is_some() && tile.chart.kind == Kind::Auto => {
                let trial = Change::Add { tile: tile.clone(), after: after.clone() };
                let chart = match self.tried(screen, &trial).await?.1 {
                    Some(answer) => Box::new(perch_chart::suggest(&answer.table)),
                    None => tile.chart,
                };
                Ok(Change::Add { tile: NewTile { chart, ..tile }, after })
            }
            Change::Set { tile, mut values } if values.iter().any(names_columns_anew) => {
                let trial = Change::Set { tile: tile.clone(), values: values.clone() };
                let (drawn, answer) = self.tried(screen, &trial).await?;
                values.extend(fitting(&drawn.chart, answer.as_deref(), &values));
                Ok(Change::Set { tile, values })
            }
            change => Ok(change),
        }
    }

    /// The tile that a change would make, and its answer.
    async fn tried(&self, screen: &Screen, change: &Change) -> Result<(Tile, Option<Arc<Answer>>), Problem> {
        let (mut draft, _) = screen.tenant.draft(&screen.dashboard.id)?;
        let id = draft.apply(change)?;
        let dashboard = draft.read().dashboard;
        let tile = dashboard.zip(id).and_then(|(dashboard, id)| dashboard.tile(&id).cloned());
        let tile = tile.ok_or_else(|| Problem::gone("tile"))?;
        let answer = self.answer(screen, &tile).await?;
        Ok((tile, answer))
    }

    /// What a tile was answered last; a pipe that was never asked is asked once.
    /// `None` where it does not answer in time, or with an error, which the tile
    /// will tell by itself.
    async fn answer(&self, screen: &Screen, tile: &Tile) -> Result<Option<Arc<Answer>>, Problem> {
        let engine = screen.tenant.engine(&self.inner.client).await?;
        let selection: &Selection = &screen.selection;
        if engine.seen(tile, selection).is_none() && tile.pipe.is_some() && !screen.tenant.is_offline() {
            // Its outcome is found below, or as the tile's own failure.
            let _ = tokio::time::timeout(COLUMNS_WITHIN, self.ask(screen, tile, selection, Enough::Nothing)).await;
        }
        Ok(engine.seen(tile, selection).map(|data| data.answer))
    }

    /// The pipes that the tenant's token reads; while there is none, those that
    /// the dashboard asks already.
    async fn pipes_of(&self, screen: &Screen) -> Vec<String> {
        let asked = screen.dashboard.tiles.iter().filter_map(|tile| Some(tile.pipe.as_ref()?.as_str().to_owned()));
        let mut pipes: Vec<String> = asked.collect();
        if let Some(viewer) = &screen.tenant.viewer
            && let Ok(Ok(token)) = tokio::time::timeout(COLUMNS_WITHIN, viewer.tokens.token(false)).await
        {
            // `t_…` is a pipe's id, which a tile does not write.
            pipes.extend(token.pipes().filter(|pipe| !pipe.starts_with("t_")).map(str::to_owned));
        }
        pipes.sort();
        pipes.dedup();
        pipes
    }
}

/// Whether what a tile names of its columns may not suit any more.
fn names_columns_anew(value: &Assignment) -> bool {
    matches!(value, Assignment::Pipe(_) | Assignment::Kind(_))
}

/// What has to be written besides, so that a chart can draw an answer, and says
/// nothing that it does not look at. Without an answer, nobody knows the columns.
fn fitting(chart: &Spec, answer: Option<&Answer>, values: &[Assignment]) -> Vec<Assignment> {
    // Of another pipe's columns, Perch's choice is as good as any.
    let is_new_pipe = values.iter().any(|value| matches!(value, Assignment::Pipe(_)));
    let table = answer.map(|answer| &answer.table).filter(|_| chart.kind != Kind::Text);
    let misfit = table.filter(|table| perch_chart::check(chart, table).is_err());
    let spec = misfit.map(|table| match perch_chart::suggest(table) {
        suggested if is_new_pipe || suggested.kind == chart.kind => suggested,
        _ => Spec::new(chart.kind),
    });
    let kind = spec.as_ref().map_or(chart.kind, |spec| spec.kind);
    let mut idle = perch_chart::unread(&Spec { kind, ..chart.clone() });
    match (misfit, table) {
        (Some(_), _) if is_new_pipe => idle.extend(NAMES_COLUMNS),
        // It has to be among the values.
        (Some(_), _) => idle.push("right"),
        (None, Some(table)) if is_new_pipe => idle.extend(gone_columns(chart, table)),
        (None, _) => {}
    }
    // First: what is chosen anew is written after it.
    let mut fitting: Vec<_> = idle.into_iter().map(|key| Assignment::Without(ChartKey(key))).collect();
    if let Some(spec) = spec {
        if spec.kind != chart.kind {
            fitting.push(Assignment::Kind(spec.kind.to_string()));
        }
        fitting.extend([
            Assignment::X(spec.x),
            Assignment::Y(spec.y),
            Assignment::GroupBy(spec.group_by),
            Assignment::Stacked(spec.stacked),
        ]);
    }
    fitting
}

/// The keys that name a column beside those that are chosen anew with a pipe.
const NAMES_COLUMNS: [&str; 8] = ["right", "size", "link", "icon", "formats", "bars", "sort", "target"];

/// Those of them that a chart can be drawn without, and that name a column that is not there.
fn gone_columns(chart: &Spec, table: &Table) -> Vec<&'static str> {
    let is_gone = |name: &String| table.column(name).is_none();
    let bars = chart.bars.iter().any(is_gone).then_some("bars");
    let sort = chart.sort.as_ref().is_some_and(|sort| is_gone(&sort.column)).then_some("sort");
    bars.into_iter().chain(sort).collect()
}

/// The kinds of chart that a pipe can be drawn as, and which of them suit.
fn kinds(answer: Option<&Answer>) -> Vec<KindView> {
    let suggested = answer.map(|answer| perch_chart::suggest(&answer.table).kind);
    let suits = |kind| answer.is_none_or(|answer| perch_chart::check(&Spec::new(kind), &answer.table).is_ok());
    let drawn = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Text);
    drawn
        .map(|kind| KindView { kind: kind.to_string(), suits: suits(kind), suggested: suggested == Some(kind) })
        .collect()
}

/// Refuses to write over what somebody else has written since the edit began.
fn is_as_it_was(file: &Path, draft: &Draft) -> Result<(), Problem> {
    match disk::read_whole(file) {
        Ok(text) if text == draft.saved_text() || text == draft.text() => Ok(()),
        Ok(_) => Err(Problem::changed_meanwhile("Somebody has changed this dashboard's file while you edited it.")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Problem::changed_meanwhile("This dashboard's file is gone since you began to edit it."))
        }
        Err(error) => Err(Problem::not_saved(file, &error)),
    }
}

fn draft_note(dashboard: &str) -> String {
    format!("draft:{dashboard}")
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}

impl Problem {
    fn edited_elsewhere(why: &str) -> Self {
        Self::new("edited-elsewhere", why, "Ask your operator to change its file.")
    }

    fn changed_meanwhile(what: &str) -> Self {
        Self::new("file-changed", what, "Keep yours and write over it, or take what is there and lose your changes.")
    }

    fn not_saved(file: &Path, error: &io::Error) -> Self {
        let Self { message, next_step, .. } = Self::file(file, error);
        Self::new(
            "not-saved",
            format!("The dashboard was not saved, and your changes are kept here. {message}"),
            next_step,
        )
    }
}
