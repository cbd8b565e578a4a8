// A pretended core: answers the commands of the web view with made-up data, in
// the state that the address asks for (`?state=offline`). Never part of the app.

import { emit } from '@tauri-apps/api/event';
import { mockIPC, mockWindows } from '@tauri-apps/api/mocks';
import type { AppView } from '../src/generated/AppView';
import type { ConnectionView } from '../src/generated/ConnectionView';
import type { DashboardView } from '../src/generated/DashboardView';
import type { FilterKindView } from '../src/generated/FilterKindView';
import type { FilterView } from '../src/generated/FilterView';
import type { EditView } from '../src/generated/EditView';
import type { Problem } from '../src/generated/Problem';
import type { PublicView } from '../src/generated/PublicView';
import type { RangeView } from '../src/generated/RangeView';
import type { SignInView } from '../src/generated/SignInView';
import type { SignOutScope } from '../src/generated/SignOutScope';
import type { TenantStatus } from '../src/generated/TenantStatus';
import type { TileForm } from '../src/generated/TileForm';
import type { TileRequest } from '../src/generated/TileRequest';
import type { TileView } from '../src/generated/TileView';
import { drawing } from './drawings';
import { people } from './people';

const wanted = new URLSearchParams(location.search);
const state = wanted.get('state') ?? 'dashboard';
const who = wanted.get('who') ?? 'three';
const is = (...names: string[]) => names.includes(state);
let paused = is('paused');
const now = Date.now();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const unreachable: Problem = {
  code: 'unreachable',
  message: 'The analytics service did not answer.',
  nextStep: 'Check the network; Perch tries again by itself.',
};

const notWritten: Problem = {
  code: 'not-written',
  message: 'The file could not be written: there is no room on the disk.',
  nextStep: 'Make room, or choose another folder.',
};

const deleted: Problem = {
  code: 'oauth-application',
  message: 'Clerk does not know this OAuth application any more.',
  nextStep: 'Ask whoever gave you the connection file for a new one.',
};

/** What an operator needs of an error, as the core tells it. */
const forbidden = `pipe-forbidden: the service does not accept this token for the pipe
pipe: top_pages
parameters: date_from=2026-11-14, date_to=2026-11-20, limit=8, country=DE,AT,CH
status: 403
error: Invalid authentication token: the signature does not match any admin token of the workspace 8f0c1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f
documentation: https://www.tinybird.co/docs/api-reference/overview#authentication
request id: 01JD7Q4Z6B3W9T2M5K8XPVNR0C
attempts: 1`;

function signingKey(): ConnectionView['signingKey'] {
  if (is('hosted', 'by-link', 'public', 'public-offline')) return { state: 'notNeeded' };
  if (is('key-kept')) return { state: 'kept' };
  if (!is('key-refused')) return { state: 'missing' };
  return {
    state: 'refused',
    problem: {
      code: 'signing-key-refused',
      message: 'Tinybird does not accept the tokens that this machine signs with the admin token.',
      nextStep:
        'Check in Tinybird that it is this workspace’s admin token and was not replaced, then enter it again.',
      detail: forbidden,
    },
  };
}

const demo: ConnectionView = {
  id: 'demo',
  name: 'Perch demo',
  issuer: 'http://127.0.0.1:4010',
  hosted: false,
  demo: true,
  demoRunning: !is('offline'),
  signingKey: { state: 'notNeeded' },
};

const umbrella: ConnectionView = {
  id: 'umbrella',
  name: 'Umbrella Analytics',
  issuer: 'https://clerk.umbrella.example',
  hosted: true,
  demo: false,
  demoRunning: false,
  signingKey: signingKey(),
};

function status(): TenantStatus {
  if (is('offline', 'offline-network', 'unconfirmed', 'opening')) {
    const problem = is('unconfirmed') ? deleted : null;
    return { state: 'offline', since: now - 3 * MINUTE, until: now + 6 * DAY, problem };
  }
  if (is('closed')) {
    return {
      state: 'closed',
      problem: {
        code: 'session-ended',
        message: 'Your session in Acme Corporation has ended.',
        nextStep: 'Sign in again to see its dashboards.',
      },
    };
  }
  return { state: 'online' };
}

const tenants =
  people[who === 'three' && is('key-missing', 'key-refused', 'key-kept') ? 'operator' : who]?.({
    demo,
    umbrella,
  }) ?? [];
if (tenants[0] && who === 'three') tenants[0].status = status();

function signIn(): SignInView | null {
  const connection = is('by-link') ? 'umbrella' : 'demo';
  if (is('preparing')) return { phase: 'preparing', connection };
  if (is('finishing')) return { phase: 'finishing', connection };
  if (is('waiting', 'waiting-above', 'by-link', 'no-browser')) {
    return {
      phase: 'waiting',
      connection,
      url: `http://127.0.0.1:4010/oauth/authorize?response_type=code&client_id=perch-desktop&redirect_uri=http%3A%2F%2F127.0.0.1%3A39121%2Fcallback&scope=openid+profile+email+offline_access&state=${'x'.repeat(43)}&code_challenge=${'y'.repeat(43)}&code_challenge_method=S256`,
      byLink: is('by-link'),
      expires: now + 4 * MINUTE + 32_000,
      browserProblem: is('no-browser')
        ? {
            code: 'no-browser',
            message: 'No browser could be opened.',
            nextStep: 'Copy the address below into a browser on this computer.',
          }
        : null,
    };
  }
  if (is('failed')) {
    return {
      phase: 'failed',
      connection,
      problem: {
        code: 'sign-in-timeout',
        message: 'Nobody signed in within fifteen minutes.',
        nextStep: 'Try again, and sign in in the browser window that opens.',
      },
    };
  }
  return null;
}

function frame(): AppView {
  const empty = is('first-run');
  const isPublic = is('public', 'public-offline');
  const nobody =
    isPublic || is('signed-out', 'preparing', 'finishing', 'waiting', 'no-browser', 'failed');
  const anyone: PublicView = {
    id: 'anyone',
    connection: 'umbrella',
    name: umbrella.name,
    status: is('public-offline')
      ? { state: 'offline', since: now - 3 * MINUTE, until: null, problem: null }
      : { state: 'online' },
  };
  return {
    connections: empty ? [] : [demo, umbrella],
    tenants: empty || nobody ? [] : tenants,
    public: empty ? [] : [anyone],
    active: isPublic ? anyone.id : empty || nobody ? null : (tenants[0]?.id ?? null),
    signIn: signIn(),
    notices: is('notices')
      ? [
          {
            id: 1,
            problem: {
              code: 'keychain-missing',
              message: 'This computer has no keychain that answers.',
              nextStep:
                'You stay signed in until Perch is closed. Start gnome-keyring to stay longer.',
            },
          },
        ]
      : [],
  };
}

let app = frame();
const filter = (name: string, label: string, kind: FilterKindView): FilterView => ({
  name,
  label,
  column: name,
  kind,
  values: [],
  labels: [],
  gone: [],
  isSet: false,
  seenOtherwise: !is('offline'),
});
const filters = [
  filter('country', 'Country', { type: 'click' }),
  filter('device', 'Device', { type: 'select' }),
  filter('source', 'Source', { type: 'multiSelect' }),
  filter('page', 'Page', { type: 'text' }),
  filter('seconds', 'Seconds', { type: 'number', min: 0, max: 600, step: 10 }),
  filter('buyers', 'Buyers only', { type: 'toggle', on: '1', off: null }),
];
function choose(name: string, values: string[]) {
  for (const one of filters.filter((filter) => filter.name === name))
    Object.assign(one, {
      values,
      labels: values,
      isSet: values.length > 0,
      gone: values.filter((value) => value === 'console'),
    });
}
if (is('filtered', 'offline')) {
  choose('country', ['at']);
  choose('device', ['console']);
  choose('source', ['google.com', 'newsletter']);
  choose('buyers', ['1']);
}
/** The draft, while the dashboard is edited. */
let editing: EditView = is('editing')
  ? { state: 'underWay', unsaved: true, canUndo: true, canRedo: false, restored: false, tile: null }
  : { state: 'possible', unsaved: false };
let range: RangeView = { kind: 'preset', preset: '7d' };
const kinds = new Map<string, string>();

function dashboard(tenant: string, id: string): DashboardView {
  const tile = (
    name: string,
    title: string,
    kind: string,
    width: number,
    height: number,
    tab: string | null = null,
    section: string | null = null,
  ) => {
    kinds.set(name, kind);
    const place = is('tabs') ? { tab, section } : { tab: null, section: null };
    return { id: name, title, kind, width, height, ...place };
  };
  const web = [
    tile('visits-total', 'Visits', 'kpi', 3, 2),
    tile('pageviews', 'Page views', 'kpi', 3, 2),
    tile('bounce', 'Bounce rate', 'kpi', 3, 2),
    tile('session', 'Average session', 'kpi', 3, 2),
    tile('visits', 'Visits by day', 'line', 8, 4, 'Traffic'),
    tile('devices', 'Devices', 'donut', 4, 4, 'Traffic'),
    tile('pages', 'Top pages', 'bar-list', 4, 3, 'Traffic', 'Pages and countries'),
    tile('sources', 'Visits by country', 'column', 4, 3, 'Traffic', 'Pages and countries'),
    tile('all', 'All pages', 'table', 4, 3, 'All pages'),
    ...(is('failing')
      ? [
          tile('tiny', 'Visits', 'kpi', 2, 2),
          tile('tiny-failed', 'Bounce rate', 'kpi', 2, 2),
          tile('low', 'Sources', 'bar-list', 4, 2),
          tile('narrow', 'A title that is longer than its tile', 'bar-list', 2, 4),
        ]
      : []),
  ];
  const sales = [
    tile('area', 'Revenue', 'area', 6, 4),
    tile('countries', 'Revenue by country', 'line', 6, 4),
    tile('odd', 'A title that is a good deal longer than its tile is wide', 'line', 3, 4),
    tile('small', 'Sources', 'bar-list', 3, 4),
  ];
  return {
    tenant,
    seenUnfiltered: !is('offline'),
    id,
    title: id === 'web' ? 'Web traffic' : 'Sales',
    description: id === 'web' ? 'Visits and page views of all sites' : null,
    time: {
      range,
      presets: [
        { id: 'today', label: 'Today', available: true },
        { id: 'yesterday', label: 'Yesterday', available: true },
        { id: '24h', label: 'Last 24 hours', available: true },
        { id: '7d', label: 'Last 7 days', available: true },
        { id: 'this-week', label: 'This week', available: true },
        { id: '30d', label: 'Last 30 days', available: true },
        { id: 'this-month', label: 'This month', available: true },
        { id: 'last-month', label: 'Last month', available: true },
        { id: '90d', label: 'Last 90 days', available: false },
        { id: 'this-year', label: 'This year', available: false },
        { id: '12m', label: 'Last 12 months', available: false },
      ],
      label: range.kind === 'between' ? `${range.from} – ${range.to}` : '14 – 20 Nov 2026',
      comparisons: [
        { id: 'previous', label: 'Previous period' },
        { id: 'year', label: 'Previous year' },
        { id: 'off', label: 'None' },
      ],
      comparison: 'previous',
      zone: 'Days in your time zone, Europe/Berlin',
    },
    filters: filters.map((filter) => ({ ...filter })),
    tiles: is('empty') ? [] : id === 'web' ? web : sales,
    wrong: is('failing', 'editing')
      ? [
          {
            after: 2,
            title: 'Funnel',
            width: 6,
            height: 3,
            tab: null,
            section: null,
            mistakes: [
              'web.toml:14:8: `width` is 13; write a whole number from 1 to 12, like width = 6',
            ],
          },
        ]
      : [],
    mistakes: is('failing')
      ? ['web.toml:3:1: `colour` is not a key of a dashboard; remove it']
      : [],
    paused,
    made: is('made') ? { leftOut: [] } : null,
    problem: null,
    dashboards: [
      { id: 'web', title: 'Web traffic', problem: null },
      { id: 'sales', title: 'Sales', problem: null },
      {
        id: 'broken',
        title: 'Funnel',
        problem: {
          code: 'dashboard-file',
          message: 'funnel.toml, line 14, column 8: there is no chart of the kind “funnl”.',
          nextStep: 'Write one of: line, area, bar, bar-list, donut, table, kpi.',
        },
      },
    ],
    offline: is('offline')
      ? { pinned: true, progress: { done: 38, failed: 0, all: 60 } }
      : { pinned: false, progress: null },
    editing,
  };
}

function form(of: string | null): TileForm {
  const kind = kinds.get(of ?? '') ?? 'line';
  const suits = ['auto', 'line', 'area', 'column', 'bar', 'bar-list', 'donut', 'kpi', 'table'];
  const all = [...suits, 'pie', 'scatter', 'bubble', 'heat-map', 'histogram', 'funnel', 'gauge'];
  return {
    keys: {
      title: of ?? '',
      pipe: 'kpis',
      refresh: null,
      kind,
      x: 'date',
      y: ['visits'],
      groupBy: null,
      stacked: false,
      format: 'compact',
      text: null,
    },
    pipes: ['kpis', 'overview', 'top_devices', 'top_pages', 'top_sources'],
    columns: ['date', 'visits', 'pageviews', 'bounce_rate', 'avg_session_sec'].map((name) => ({
      name,
      isNumber: name !== 'date',
    })),
    kinds: [...all, 'candlestick', 'box-plot', 'state-timeline', 'map'].map((one) => ({
      kind: one,
      suits: suits.includes(one),
      suggested: one === 'area',
    })),
    formats: ['auto', 'number', 'compact', 'percent', 'ratio', 'bytes', 'duration'],
  };
}

function tile(request: TileRequest): TileView {
  const failing =
    is('failing') &&
    ['visits', 'pages', 'tiny', 'tiny-failed', 'low', 'narrow'].includes(request.tile);
  const nothing =
    is('loading') || (is('failing') && ['pages', 'tiny-failed', 'narrow'].includes(request.tile));
  const refused: Problem = {
    code: 'pipe-forbidden',
    message: 'The service does not accept this token for the pipe.',
    nextStep: 'Ask your operator whether you may see this.',
    detail: forbidden,
  };
  const limited: Problem = {
    code: 'rate-limited',
    message: 'The analytics service asks for a pause.',
    nextStep: 'Perch tries again in 20 seconds.',
  };
  return {
    picture: nothing ? null : drawing(kinds.get(request.tile) ?? 'kpi', request),
    fetched: nothing
      ? null
      : now -
        (is('offline', 'offline-network', 'public-offline', 'unconfirmed', 'failing') ? 3 : 1.2) *
          MINUTE,
    refreshing: is('loading', 'slow'),
    problem: is('offline', 'offline-network')
      ? unreachable
      : failing
        ? request.tile === 'visits'
          ? limited
          : refused
        : null,
  };
}

interface Arguments {
  connection: string;
  key: string;
  scope: SignOutScope;
  tenant: string;
  dashboard: string | null;
  range: RangeView;
  name: string;
  values: string[];
  request: TileRequest;
  tile: string | null;
  id: number;
}

/** Everybody whom a sign-out leaves, the one after the other as the core does it. */
async function signOut(scope: SignOutScope): Promise<null> {
  const isGone = (one: { id: string; person: string }) =>
    scope.kind === 'everything' ||
    (scope.kind === 'tenant' ? one.id === scope.tenant : one.person === scope.person);
  for (const gone of app.tenants.filter(isGone)) {
    await new Promise((done) => setTimeout(done, 1_500));
    const left = app.tenants.filter(({ id }) => id !== gone.id);
    await tell({ tenants: left, active: left[0]?.id ?? null });
  }
  return null;
}

const malformed: Problem = {
  code: 'signing-key-malformed',
  message: 'This is no token of Tinybird: those are one word without spaces. It was not stored.',
  nextStep: 'Copy the admin token from Tinybird again, and nothing around it.',
};

function keep(signingKey: ConnectionView['signingKey']): Promise<null> {
  return tell({
    connections: app.connections.map((one) =>
      one.id === umbrella.id ? { ...one, signingKey } : one,
    ),
  });
}

async function tell(change: Partial<AppView>): Promise<null> {
  app = { ...app, ...change };
  await emit('app', app);
  return null;
}

mockWindows('main');
mockIPC(
  async (command, payload) => {
    const args = payload as unknown as Arguments;
    switch (command) {
      case 'boot':
        return {
          app,
          dashboard:
            app.active && !is('closed', 'opening', 'refused') ? dashboard(app.active, 'web') : null,
        };
      case 'select_tenant':
        await tell({
          active: args.tenant,
          tenants: app.tenants.toSorted(
            (a, b) => Number(b.id === args.tenant) - Number(a.id === args.tenant),
          ),
        });
        return dashboard(args.tenant, 'web');
      case 'open_dashboard':
        if (is('refused')) throw unreachable as unknown as Error;
        if (is('opening')) return new Promise(() => undefined);
        return dashboard(args.tenant, args.dashboard ?? 'web');
      case 'set_time_range':
        range = args.range;
        return dashboard(args.tenant, args.dashboard ?? 'web');
      case 'set_filter':
        choose(args.name, args.values);
        return dashboard(args.tenant, args.dashboard ?? 'web');
      case 'filter_options': {
        if (is('failing')) throw unreachable as unknown as Error;
        const values = ['desktop', 'mobile', 'tablet', 'google.com', 'newsletter'];
        const options = values.map((value) => ({
          value,
          label: value,
          available: value !== 'tablet',
          refused: null,
        }));
        return { options, refreshing: false, problem: null, fetched: Date.now() };
      }
      case 'clear_filters':
        for (const { name } of filters) choose(name, []);
        return dashboard(args.tenant, args.dashboard ?? 'web');
      case 'begin_edit':
      case 'edit':
      case 'undo_edit':
      case 'redo_edit':
        editing = {
          state: 'underWay',
          unsaved: command === 'edit' || command === 'redo_edit',
          canUndo: command === 'edit' || command === 'redo_edit',
          canRedo: command === 'undo_edit',
          restored: false,
          tile: null,
        };
        return dashboard(args.tenant, args.dashboard ?? 'web');
      case 'save_edit':
      case 'discard_edit':
        editing = { state: 'possible', unsaved: false };
        return dashboard(args.tenant, args.dashboard ?? 'web');
      case 'tile_form':
        return form(args.tile);
      case 'export_tile':
      case 'export_dashboard':
        await new Promise((done) => setTimeout(done, 900));
        if (is('failing')) throw notWritten as unknown as Error;
        return '/home/ada/Downloads/Visits by day.png';
      case 'pause':
        paused = (payload as { paused: boolean }).paused;
        return null;
      case 'draw_tile':
        return tile(args.request);
      case 'begin_sign_in':
        return tell({ signIn: { phase: 'preparing', connection: args.connection } });
      case 'cancel_sign_in':
        return tell({ signIn: null });
      case 'sign_out':
        return signOut(args.scope);
      case 'sign_out_others':
        await new Promise((done) => setTimeout(done, 1_500));
        if (is('failing')) throw unreachable as unknown as Error;
        return 2;
      case 'dismiss_notice':
        return tell({ notices: app.notices.filter(({ id }) => id !== args.id) });
      case 'save_signing_key':
        await new Promise((done) => setTimeout(done, 300));
        if (/\s/.test(args.key.trim()) || args.key.trim() === '')
          throw malformed as unknown as Error;
        return keep({ state: 'kept' });
      case 'forget_signing_key':
        return keep({ state: 'missing' });
      case 'token':
        if (args.tenant === 'anyone') return { source: 'static', claims: null, expires: null };
        return {
          source: 'mint',
          expires: now + 9 * MINUTE + 41_000,
          claims: {
            workspace_id: '8f0c1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f',
            name: 'perch_org_acme',
            iat: 1795229178,
            exp: 1795229778,
            scopes: ['kpis', 'trend', 'top_pages', 'top_sources'].map((resource) => ({
              type: 'PIPES:READ',
              resource,
              fixed_params: { org_id: 'org_2acme' },
            })),
            limits: { rps: 20 },
          },
        };
      case 'reveal_token':
        return { token: `eyJhbGciOiJIUzI1NiJ9.${'eyJub3RoaW5nIjp0cnVl'.repeat(8)}.c2lnbmF0dXJl` };
      case 'start_demo':
      case 'open_connection':
        throw unreachable as unknown as Error;
      default:
        return null;
    }
  },
  { shouldMockEvents: true },
);

// The picture protocol: a folder beside this page.
Object.assign(Reflect.get(window, '__TAURI_INTERNALS__') as object, {
  convertFileSrc: (path: string) => `./pictures/${encodeURIComponent(path)}.svg`,
});

void import('../src/main');
