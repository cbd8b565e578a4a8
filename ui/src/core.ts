// The doors to the Rust core, one function a command, the pictures that it keeps,
// and the events it tells. Nothing else in the web view talks to anything outside of it.

import { convertFileSrc, invoke } from '@tauri-apps/api/core';
import { listen, type UnlistenFn } from '@tauri-apps/api/event';
import type { AppView } from './generated/AppView';
import type { BootView } from './generated/BootView';
import type { Change } from './generated/Change';
import type { CompareWith } from './generated/CompareWith';
import type { CopyFormat } from './generated/CopyFormat';
import type { DashboardFormat } from './generated/DashboardFormat';
import type { DashboardView } from './generated/DashboardView';
import type { FilterOptionsView } from './generated/FilterOptionsView';
import type { Opened } from './generated/Opened';
import type { OfflineCopyChanged } from './generated/OfflineCopyChanged';
import type { OfflineCopyView } from './generated/OfflineCopyView';
import type { Problem } from './generated/Problem';
import type { RangeView } from './generated/RangeView';
import type { RevealedToken } from './generated/RevealedToken';
import type { SignInIntent } from './generated/SignInIntent';
import type { SignOutScope } from './generated/SignOutScope';
import type { TileChanged } from './generated/TileChanged';
import type { TileForm } from './generated/TileForm';
import type { TileFormat } from './generated/TileFormat';
import type { TileRequest } from './generated/TileRequest';
import type { TileView } from './generated/TileView';
import type { TokenView } from './generated/TokenView';
import type { View } from './generated/View';

export const boot = () => invoke<BootView>('boot');

export const startDemo = () => invoke<null>('start_demo');
export const openConnection = () => invoke<null>('open_connection');
export const removeConnection = (connection: string) =>
  invoke<null>('remove_connection', { connection });
export const saveSigningKey = (connection: string, key: string) =>
  invoke<null>('save_signing_key', { connection, key });

export const forgetSigningKey = (connection: string) =>
  invoke<null>('forget_signing_key', { connection });

export const beginSignIn = (connection: string, intent: SignInIntent) =>
  invoke<null>('begin_sign_in', { connection, intent });
/** Ends a sign-in that is under way, and clears away one that failed. */
export const cancelSignIn = () => invoke<null>('cancel_sign_in');
export const copySignInAddress = () => invoke<null>('copy_sign_in_address');
export const openSignInAddress = () => invoke<null>('open_sign_in_address');

export const selectTenant = (tenant: string) =>
  invoke<DashboardView | null>('select_tenant', { tenant });
export const signOut = (scope: SignOutScope) => invoke<null>('sign_out', { scope });
/** Ends the person's sessions everywhere but here; how many that were. */
export const signOutOthers = (tenant: string) => invoke<number>('sign_out_others', { tenant });

/** Where the web view finds a picture that the core keeps. */
export const pictureAddress = (path: string) => convertFileSrc(path, 'picture');

export const openDashboard = (tenant: string, dashboard: string | null) =>
  invoke<DashboardView>('open_dashboard', { tenant, dashboard });
export const setTimeRange = (tenant: string, dashboard: string, range: RangeView) =>
  invoke<DashboardView>('set_time_range', { tenant, dashboard, range });
export const setComparison = (tenant: string, dashboard: string, comparison: CompareWith) =>
  invoke<DashboardView>('set_comparison', { tenant, dashboard, comparison });
/** Chooses values of a filter of the dashboard; none takes it away. */
export const setFilter = (tenant: string, dashboard: string, name: string, values: string[]) =>
  invoke<DashboardView>('set_filter', { tenant, dashboard, name, values });
export const clearFilters = (tenant: string, dashboard: string) =>
  invoke<DashboardView>('clear_filters', { tenant, dashboard });
/** What can be chosen of a select. */
export const filterOptions = (tenant: string, dashboard: string, name: string) =>
  invoke<FilterOptionsView>('filter_options', { tenant, dashboard, name });
/** Under which name the core tells of a filter's values, and takes *Try again*. */
export const optionsOf = (filter: string) => `filter:${filter}`;
/** Puts a link to the dashboard, as it is chosen, into the clipboard. */
export const copyDashboardLink = (tenant: string, dashboard: string) =>
  invoke<null>('copy_dashboard_link', { tenant, dashboard });
/** Begins to edit a dashboard's file, or goes on where an earlier visit left it. */
export const beginEdit = (tenant: string, dashboard: string) =>
  invoke<DashboardView>('begin_edit', { tenant, dashboard });
export const edit = (tenant: string, dashboard: string, change: Change) =>
  invoke<DashboardView>('edit', { tenant, dashboard, change });
export const undoEdit = (tenant: string, dashboard: string) =>
  invoke<DashboardView>('undo_edit', { tenant, dashboard });
export const redoEdit = (tenant: string, dashboard: string) =>
  invoke<DashboardView>('redo_edit', { tenant, dashboard });
/** Writes the draft into its file; also over what somebody else has written there, where `overwrite` says so. */
export const saveEdit = (tenant: string, dashboard: string, overwrite: boolean) =>
  invoke<DashboardView>('save_edit', { tenant, dashboard, overwrite });
/** Leaves the draft, and with it what was not saved. */
export const discardEdit = (tenant: string, dashboard: string) =>
  invoke<DashboardView>('discard_edit', { tenant, dashboard });
/** Writes another dashboard of this title, and shows it. */
export const newDashboard = (tenant: string, title: string) =>
  invoke<DashboardView>('new_dashboard', { tenant, title });
/** Writes the dashboard a second time under another title, and shows the copy. */
export const copyDashboard = (tenant: string, dashboard: string, title: string) =>
  invoke<DashboardView>('copy_dashboard', { tenant, dashboard, title });
/** Removes the dashboard's file. */
export const deleteDashboard = (tenant: string, dashboard: string) =>
  invoke<null>('delete_dashboard', { tenant, dashboard });
/** What a tile can become; `null` for one that is still to be added. */
export const tileForm = (tenant: string, dashboard: string, tile: string | null) =>
  invoke<TileForm>('tile_form', { tenant, dashboard, tile });

export const refreshDashboard = (tenant: string, dashboard: string) =>
  invoke<null>('refresh_dashboard', { tenant, dashboard });

/** Says which tiles of a dashboard are in view, and whether the page is painted at all. */
export const showTiles = (tenant: string, dashboard: string, tiles: string[], visible: boolean) =>
  invoke<null>('show_tiles', { tenant, dashboard, tiles, visible });
export const pause = (tenant: string, dashboard: string, paused: boolean) =>
  invoke<null>('pause', { tenant, dashboard, paused });
/** Fetches the dashboard's usual ranges ahead, or lets them go. */
export const makeAvailableOffline = (tenant: string, dashboard: string, on: boolean) =>
  invoke<OfflineCopyView>('make_available_offline', { tenant, dashboard, on });

export const drawTile = (request: TileRequest) => invoke<TileView>('draw_tile', { request });
export const refreshTile = (tenant: string, dashboard: string, tile: string) =>
  invoke<null>('refresh_tile', { tenant, dashboard, tile });

/** Puts why a tile has no newer answer into the clipboard, whole. */
export const copyTileDetail = (tenant: string, dashboard: string, tile: string) =>
  invoke<null>('copy_tile_detail', { tenant, dashboard, tile });

/** Opens a web page that a tile leads to in the system's browser. */
export const openLink = (tenant: string, dashboard: string, tile: string, link: string) =>
  invoke<null>('open_link', { tenant, dashboard, tile, link });

/** Saves a tile as it is shown; the path, or `null` where the viewer thought better of it. */
export const exportTile = (request: TileRequest, format: TileFormat, scale: number) =>
  invoke<string | null>('export_tile', { request, format, scale });
/** Puts a tile into the clipboard: its picture, or its rows. */
export const copyTile = (request: TileRequest, format: CopyFormat) =>
  invoke<null>('copy_tile', { request, format });
/** Saves a dashboard with its tiles as the viewer has arranged them, by their ids. */
export const exportDashboard = (
  tenant: string,
  dashboard: string,
  views: Record<string, View>,
  format: DashboardFormat,
) => invoke<string | null>('export_dashboard', { tenant, dashboard, views, format });

export const token = (tenant: string) => invoke<TokenView>('token', { tenant });
export const revealToken = (tenant: string) => invoke<RevealedToken>('reveal_token', { tenant });

export const dismissNotice = (id: number) => invoke<null>('dismiss_notice', { id });

/** The first dashboard is on the screen: what the start is measured by. */
export const painted = () => invoke<null>('painted');

/** What the core tells without being asked. */
export interface Ears {
  app: (view: AppView) => void;
  tile: (changed: TileChanged) => void;
  offlineCopy: (changed: OfflineCopyChanged) => void;
  dashboards: () => void;
  /** A link was followed: this stands open now. */
  opened: (opened: Opened) => void;
  /** A file is held over the window, or no longer. */
  dragging: (over: boolean) => void;
}

/** Resolves once the core knows that we listen. */
export async function hear(ears: Ears): Promise<UnlistenFn> {
  const ends = await Promise.all([
    listen<AppView>('app', (event) => ears.app(event.payload)),
    listen<TileChanged>('tile', (event) => ears.tile(event.payload)),
    listen<OfflineCopyChanged>('offline-copy', (event) => ears.offlineCopy(event.payload)),
    listen('dashboards', () => ears.dashboards()),
    listen<Opened>('opened', (event) => ears.opened(event.payload)),
    listen('tauri://drag-enter', () => ears.dragging(true)),
    listen('tauri://drag-leave', () => ears.dragging(false)),
    listen('tauri://drag-drop', () => ears.dragging(false)),
  ]);
  return () => ends.forEach((end) => end());
}

/** Whatever a command was rejected with, as a problem a person can read. */
export function problemOf(reason: unknown): Problem {
  if (isProblem(reason)) return reason;
  return {
    code: 'unexpected',
    message:
      typeof reason === 'string' && reason !== '' ? reason : 'Something unexpected happened.',
    nextStep: 'Try again. If it happens again, restart Perch.',
  };
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['code', 'message', 'nextStep'].every(
      (key) => typeof (value as Record<string, unknown>)[key] === 'string',
    )
  );
}
