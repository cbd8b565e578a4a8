//! What crosses to the web view, and nothing else. The TypeScript of these
//! types is generated from here (`ui/src/generated`), never written by hand.
//! No type in this file can hold a token, except [`RevealedToken`], which is
//! made only when the viewer asks to see it.

use perch_chart::{Across, LegendItem, Marks, Scroll};
use perch_dashboard::{Comparison, TileKeys};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::problem::Problem;

pub use perch_chart::View;
pub use perch_dashboard::{Assignment, Change, NewTile};

/// Everything the frame around a dashboard needs. Sent whole on every change:
/// it is small, and a whole cannot be out of step with itself.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AppView {
    /// The connections that were opened on this machine.
    pub connections: Vec<ConnectionView>,
    /// Who is signed in, last used first.
    pub tenants: Vec<TenantView>,
    /// What anyone may see, of each connection that has something.
    pub public: Vec<PublicView>,
    /// What is on the screen: one of the tenants, or of what is public.
    pub active: Option<String>,
    /// The sign-in under way, or how the last one failed.
    pub sign_in: Option<SignInView>,
    /// What the viewer should know, newest last. Each can be dismissed.
    pub notices: Vec<NoticeView>,
}

/// One company's analytics that this machine knows how to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ConnectionView {
    /// Names the connection in commands.
    pub id: String,
    /// The operator's name for it.
    pub name: String,
    /// Where people sign in.
    pub issuer: String,
    /// Whether one sign-in there is for every organization of the person
    /// (`sign_in = "hosted"`), rather than for one.
    pub hosted: bool,
    /// Whether it leads to the sandbox that Perch itself can start.
    pub demo: bool,
    /// Whether the sandbox of a demo connection runs in this process.
    pub demo_running: bool,
    /// The workspace's admin token on this machine.
    pub signing_key: SigningKeyView,
}

/// The workspace's admin token on this machine, for `source = "mint"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
#[ts(export)]
pub enum SigningKeyView {
    /// This machine signs no tokens for the connection.
    NotNeeded,
    /// The keychain has it.
    Kept,
    /// It must be typed before anybody's rows can be asked for.
    Missing,
    /// Tinybird takes nothing that it signs: another must be typed.
    Refused {
        /// Why, and what to do.
        problem: Problem,
    },
}

impl SigningKeyView {
    /// Whether one must be typed.
    pub fn is_wanted(&self) -> bool {
        matches!(self, Self::Missing | Self::Refused { .. })
    }
}

/// One person in one organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TenantView {
    /// Names the tenant in commands.
    pub id: String,
    /// The connection it belongs to.
    pub connection: String,
    /// The organization's name, or the person's for a personal tenant.
    pub name: String,
    /// The picture of the organization, or of the person for a personal tenant,
    /// as a path of the `picture` protocol. `None` where there is none, or none
    /// yet: initials stand in its place.
    pub picture: Option<String>,
    /// Whether it is a personal tenant: a person on their own, without an
    /// organization.
    pub personal: bool,
    /// Names the person: the same for all of their tenants at one Clerk.
    pub person: String,
    /// The person's name.
    pub user: String,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The person's role in the organization, as Clerk writes it.
    pub role: Option<String>,
    /// Whether Clerk lets the person's sessions elsewhere be ended from here.
    pub can_end_others: bool,
    /// Whether its services answer.
    pub status: TenantStatus,
    /// How far asking the pipes has come, where a dashboard is being made of what they answer.
    pub making: Option<MakingView>,
}

/// A dashboard that is being made from the pipes of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MakingView {
    /// How many pipes were asked.
    pub asked: u32,
    /// Of how many.
    pub pipes: u32,
}

/// A dashboard that was made from the pipes of a token, because there is no file of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MadeView {
    /// Pipes that are not on it.
    pub left_out: Vec<LeftOutView>,
}

/// A pipe that is not on a made dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LeftOutView {
    /// The pipe's name.
    pub pipe: String,
    /// Why, in Tinybird's words where it said something.
    pub why: String,
}

/// The dashboards of a connection that anyone may see, also before sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PublicView {
    /// Names it where commands take a tenant.
    pub id: String,
    /// The connection it belongs to.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// Whether its services answer.
    pub status: TenantStatus,
}

/// Whether a tenant's services answer. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum TenantStatus {
    /// Not asked yet in this visit.
    Connecting,
    /// The last request was answered.
    Online,
    /// Nobody answers, or nobody who confirms the session. What was seen stays
    /// on the screen.
    Offline {
        /// When it was noticed.
        #[ts(type = "number")]
        since: i64,
        /// When what was seen may no longer be shown without a network; `None`
        /// for what anyone may see, which has no end.
        #[ts(type = "number | null")]
        until: Option<i64>,
        /// Why the session could not be confirmed, where somebody answered.
        problem: Option<Problem>,
    },
    /// Clerk ended the session, or offline has lasted too long: nothing is
    /// shown until the viewer signs in again.
    Closed {
        /// Why, and what to do.
        problem: Problem,
    },
}

/// A sign-in, from the button to the browser's return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "phase", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum SignInView {
    /// Asking the provider where to sign in.
    Preparing {
        /// The connection.
        connection: String,
    },
    /// The browser has the address.
    Waiting {
        /// The connection.
        connection: String,
        /// The address, for a browser that did not open by itself.
        url: String,
        /// Whether the browser comes back by a link that it asks to open Perch
        /// with, rather than by a page of Perch's own.
        by_link: bool,
        /// When the sign-in is given up, in Unix milliseconds.
        #[ts(type = "number")]
        expires: i64,
        /// Why the browser could not be opened, where that is known.
        browser_problem: Option<Problem>,
    },
    /// The browser came back; the answer is being checked.
    Finishing {
        /// The connection.
        connection: String,
    },
    /// It failed. Stays until the next attempt or until dismissed.
    Failed {
        /// The connection.
        connection: String,
        /// Why, and what to do.
        problem: Problem,
    },
}

/// What a sign-in is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[ts(export)]
pub enum SignInIntent {
    /// The first of a connection.
    First,
    /// Another organization of somebody who is signed in.
    Organization,
    /// Somebody else, or the same person with another account.
    Person,
    /// A tenant whose session ended.
    Again {
        /// The tenant.
        tenant: String,
    },
}

/// What to sign out of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[ts(export)]
pub enum SignOutScope {
    /// One tenant.
    Tenant {
        /// The tenant.
        tenant: String,
    },
    /// One person, in all of their organizations.
    Person {
        /// [`TenantView::person`].
        person: String,
    },
    /// Everybody on this machine.
    Everything,
}

/// Something to know that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NoticeView {
    /// Names the notice in `dismiss_notice`.
    pub id: u32,
    /// What, and what to do.
    pub problem: Problem,
}

/// What is needed to paint the first screen, in one answer.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BootView {
    /// The frame.
    pub app: AppView,
    /// The active tenant's last dashboard.
    pub dashboard: Option<DashboardView>,
}

/// A dashboard's name in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DashboardLink {
    /// Names the dashboard in commands.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why it cannot be shown: its file has a mistake, told with its line.
    pub problem: Option<Problem>,
}

/// A dashboard: what to lay out. The pictures come tile by tile.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DashboardView {
    /// The tenant it is shown for.
    pub tenant: String,
    /// Names the dashboard in commands.
    pub id: String,
    /// Its title.
    pub title: String,
    /// A sentence under the title.
    pub description: Option<String>,
    /// The time range filter, where the dashboard has one.
    pub time: Option<TimeFilterView>,
    /// What else it can be filtered by.
    pub filters: Vec<FilterView>,
    /// Whether something was seen of it without any filter, while nobody answers.
    pub seen_unfiltered: bool,
    /// The tiles in reading order.
    pub tiles: Vec<TileLayout>,
    /// Tiles of its file that have a mistake, each in its place.
    pub wrong: Vec<WrongTileView>,
    /// What else is to be put right in its file: `web-traffic.toml:3:1: …`.
    pub mistakes: Vec<String>,
    /// Whether the viewer has paused its refreshing, for this visit.
    pub paused: bool,
    /// All dashboards of this connection.
    pub dashboards: Vec<DashboardLink>,
    /// Whether it can be edited, and how far that has come.
    pub editing: EditView,
    /// Whether it was made available offline, and how far that is.
    pub offline: OfflineCopyView,
    /// Whether it was made from the pipes, because there is no file of one.
    pub made: Option<MadeView>,
    /// What is wrong with its file, where that cannot be read any more: shown is what it was before.
    pub problem: Option<Problem>,
}

/// A dashboard that the viewer wants to be there offline: its usual ranges are
/// fetched ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfflineCopyView {
    /// Whether the viewer wants it.
    pub pinned: bool,
    /// How far it is; `None` where nobody wants it.
    pub progress: Option<CopyProgress>,
}

/// How much of an offline copy is there, in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CopyProgress {
    /// Answers that are there.
    pub done: u32,
    /// Answers that did not come when they were asked for. They are asked for
    /// again later.
    pub failed: u32,
    /// Answers that the copy consists of.
    pub all: u32,
}

/// Told to the web view: a dashboard's offline copy is further, or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfflineCopyChanged {
    /// The tenant.
    pub tenant: String,
    /// The dashboard.
    pub dashboard: String,
    /// How it stands.
    pub offline: OfflineCopyView,
}

/// Whether a dashboard's file can be changed in the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum EditView {
    /// Its file is changed elsewhere.
    Locked {
        /// Why, and where.
        problem: Problem,
    },
    /// It can be edited.
    Possible {
        /// Whether an edit of an earlier visit waits to be saved.
        unsaved: bool,
    },
    /// It is being edited: what is on the screen is the draft.
    UnderWay {
        /// Whether there is something to save.
        unsaved: bool,
        /// Whether a step can be taken back.
        can_undo: bool,
        /// Whether a step can be taken again.
        can_redo: bool,
        /// Whether it was left unsaved in an earlier visit.
        restored: bool,
        /// The tile that the last change was about.
        tile: Option<String>,
    },
}

/// What a tile can become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TileForm {
    /// What the file says of it; `None` for a tile that is still to be added.
    pub keys: Option<TileKeys>,
    /// The pipes that the tenant's token reads, by name.
    pub pipes: Vec<String>,
    /// The columns of its answer; none before it was answered.
    pub columns: Vec<ColumnView>,
    /// The kinds of chart.
    pub kinds: Vec<KindView>,
    /// The ways to write numbers that need no more than a name.
    pub formats: Vec<String>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Whether it holds numbers.
    pub is_number: bool,
}

/// A kind of chart, for a tile's columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct KindView {
    /// As the dashboard file writes it.
    pub kind: String,
    /// Whether it can draw the answer's columns. Of an answer that is not there, every kind might.
    pub suits: bool,
    /// Whether Perch would choose it.
    pub suggested: bool,
}

/// A filter of a dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FilterView {
    /// Names it in commands.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The column whose values can be chosen.
    pub column: String,
    /// How a value is chosen.
    pub kind: FilterKindView,
    /// The values that count; none where it filters nothing. Several of a
    /// multi-select, one of any other.
    pub values: Vec<String>,
    /// What people call each of the values, in the same order.
    pub labels: Vec<String>,
    /// Those of the values that are no longer among what can be chosen.
    pub gone: Vec<String>,
    /// Whether it filters anything, which *Clear* takes away: a toggle that is
    /// off does not, also where it says so to pipes.
    pub is_set: bool,
    /// Whether its button leads to something that was seen, while nobody answers:
    /// a toggle's to its other state, any other's to the dashboard without it.
    pub seen_otherwise: bool,
}

/// How a filter's value is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
#[ts(export)]
pub enum FilterKindView {
    /// By a click on a mark with a key of its column.
    Click,
    /// One of what `filter_options` tells.
    Select,
    /// Any of what `filter_options` tells.
    MultiSelect,
    /// Any text.
    Text,
    /// A number.
    Number {
        /// The least.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
        /// How far one step goes.
        step: Option<f64>,
    },
    /// On or off.
    Toggle {
        /// The value while it is on.
        on: String,
        /// The value while it is off; `None` for none.
        off: Option<String>,
    },
}

/// What can be chosen of a select.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FilterOptionsView {
    /// The values, as the file lists them or its pipe answers.
    pub options: Vec<FilterOptionView>,
    /// Whether newer ones are on their way.
    pub refreshing: bool,
    /// Why there are none, or no newer ones.
    pub problem: Option<Problem>,
    /// When they were fetched, in Unix milliseconds; `None` for those of a file,
    /// and where there are none yet.
    #[ts(type = "number | null")]
    pub fetched: Option<i64>,
}

/// One value of a select.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FilterOptionView {
    /// As it is chosen.
    pub value: String,
    /// What people call it.
    pub label: String,
    /// Whether a press on it leads to something that was seen, while nobody
    /// answers. Without a network, only those can be chosen.
    pub available: bool,
    /// Why the filter never takes it, where that is so.
    pub refused: Option<String>,
}

/// The time range filter.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TimeFilterView {
    /// The range in force.
    pub range: RangeView,
    /// The presets to offer, in order.
    pub presets: Vec<PresetView>,
    /// The range in words: `14 – 20 Nov 2026`.
    pub label: String,
    /// What it can be compared with; none where no tile compares.
    pub comparisons: Vec<ComparisonView>,
    /// What it is compared with.
    pub comparison: CompareWith,
    /// Whose days these are, in words.
    pub zone: String,
}

/// What a range can be compared with, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ComparisonView {
    /// Names it in `set_comparison`.
    pub id: CompareWith,
    /// For the menu: `Previous year`.
    pub label: String,
}

/// An earlier time, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum CompareWith {
    /// Nothing.
    Off,
    /// The period before.
    Previous,
    /// The same days a year before.
    Year,
}

impl From<Comparison> for CompareWith {
    fn from(comparison: Comparison) -> Self {
        match comparison {
            Comparison::Off => Self::Off,
            Comparison::Previous => Self::Previous,
            Comparison::Year => Self::Year,
        }
    }
}

impl From<CompareWith> for Comparison {
    fn from(with: CompareWith) -> Self {
        match with {
            CompareWith::Off => Self::Off,
            CompareWith::Previous => Self::Previous,
            CompareWith::Year => Self::Year,
        }
    }
}

/// A preset and what to call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PresetView {
    /// As the dashboard file writes it: `7d`.
    pub id: String,
    /// For the menu: `Last 7 days`.
    pub label: String,
    /// Whether something was seen of it, with the filters in force. Without a
    /// network, only those can be chosen.
    pub available: bool,
}

/// A time range as the viewer chose it. Dates are `YYYY-MM-DD`, inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[ts(export)]
pub enum RangeView {
    /// Relative to now.
    Preset {
        /// As the dashboard file writes it.
        preset: String,
    },
    /// Two days and all between.
    Between {
        /// The first day.
        from: String,
        /// The last day.
        to: String,
    },
}

/// A tile's place: the grid has 12 columns and rows of 80 CSS pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TileLayout {
    /// Names the tile in commands.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The kind of chart, as the dashboard file writes it.
    pub kind: String,
    /// Columns it spans, 1 to 12.
    pub width: u8,
    /// Rows it spans.
    pub height: u8,
    /// The tab that it stands on; `None` for all of them, above.
    pub tab: Option<String>,
    /// The heading that it stands below; `None` for before them all.
    pub section: Option<String>,
}

/// A tile of the dashboard's file that has a mistake: it asks nothing and shows why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WrongTileView {
    /// How many of [`DashboardView::tiles`] stand before it.
    pub after: u32,
    /// Its title, where it can be read.
    pub title: Option<String>,
    /// As [`TileLayout::width`].
    pub width: u8,
    /// As [`TileLayout::height`].
    pub height: u8,
    /// As [`TileLayout::tab`].
    pub tab: Option<String>,
    /// As [`TileLayout::section`].
    pub section: Option<String>,
    /// What is to be put right: `web-traffic.toml:12:9: …`, the first first.
    pub mistakes: Vec<String>,
}

/// What the web view asks of a tile.
#[derive(Debug, Clone, PartialEq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TileRequest {
    /// The tenant that the dashboard is shown for.
    pub tenant: String,
    /// The dashboard.
    pub dashboard: String,
    /// The tile.
    pub tile: String,
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// `true` for the dark theme.
    pub dark: bool,
    /// What the viewer has done with the picture.
    pub view: View,
}

/// What a tile is saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum TileFormat {
    /// Its picture, as lines and letters.
    Svg,
    /// Its picture, as pixels.
    Png,
    /// All rows of its answer, as the engine prints them.
    Csv,
    /// All rows of its answer, as a list of objects.
    Json,
}

/// What a tile is copied as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum CopyFormat {
    /// Its picture.
    Png,
    /// All rows of its answer.
    Csv,
}

/// What a dashboard is saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum DashboardFormat {
    /// Pages of A4.
    Pdf,
}

/// A tile as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TileView {
    /// The picture, where anything was ever answered.
    pub picture: Option<PictureView>,
    /// When the answer was fetched, in Unix milliseconds.
    #[ts(type = "number | null")]
    pub fetched: Option<i64>,
    /// Whether a newer answer is on its way.
    pub refreshing: bool,
    /// Why there is no newer answer.
    pub problem: Option<Problem>,
}

/// A picture and what lies under the pointer.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PictureView {
    /// SVG without style attributes, scripts or references.
    pub svg: String,
    /// Where the marks are and what they are worth.
    pub marks: Marks,
    /// The picture in words.
    pub summary: String,
    /// For tables: which rows are in the picture.
    pub scroll: Option<Scroll>,
    /// The names of the series, which a viewer turns off and on.
    pub legend: Vec<LegendItem>,
    /// What the bottom axis measures, where it can be zoomed.
    pub across: Option<Across>,
}

/// The current token, decoded.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TokenView {
    /// Who signed it, as the connection file says it: `mint`, `clerk-template`
    /// or `broker` for a tenant's, `static` for the public one.
    pub source: String,
    /// Its claims. Claims are no secret: without the signature they open
    /// nothing. `None` for a static token, which has none.
    #[ts(type = "unknown")]
    pub claims: Option<serde_json::Value>,
    /// When it expires, in Unix milliseconds; `None` where it does not say.
    #[ts(type = "number | null")]
    pub expires: Option<i64>,
}

/// The token itself, because the viewer asked to see it.
#[derive(Clone, Serialize, TS)]
#[ts(export)]
pub struct RevealedToken {
    /// The JWT.
    pub token: String,
}

/// Told to the web view: this tile looks different now, ask for it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TileChanged {
    /// The tenant.
    pub tenant: String,
    /// The dashboard.
    pub dashboard: String,
    /// The tile.
    pub tile: String,
}

/// Told to the web view: a link was followed, show this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Opened {
    /// The tenant.
    pub tenant: String,
    /// The dashboard.
    pub dashboard: String,
}
