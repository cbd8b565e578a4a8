// Who is signed in at the pretended core: as many and as oddly named as the
// switcher, the sign-out and the account menu must bear.

import type { ConnectionView } from '../src/generated/ConnectionView';
import type { TenantView } from '../src/generated/TenantView';

interface Connections {
  demo: ConnectionView;
  umbrella: ConnectionView;
}

const linus = { person: 'linus', user: 'Linus Larsen', email: 'linus@example.com' };
const ada = { person: 'ada', user: 'Ada Ahlberg', email: null };
const grace = {
  person: 'grace',
  user: 'Grace Hopper',
  email: 'grace.hopper@harbor-coffee.example',
};

function tenant(id: string, name: string, change: Partial<TenantView> = {}): TenantView {
  return {
    id,
    connection: 'demo',
    name,
    picture: null,
    personal: false,
    ...linus,
    role: 'org:member',
    canEndOthers: false,
    status: { state: 'online' },
    making: null,
    ...change,
  };
}

const acme = () => tenant('acme', 'Acme Corporation', { role: 'org:admin', picture: 'acme' });
const globex = () => tenant('globex', 'Globex', { picture: 'globex' });

const offline = () =>
  ({ state: 'offline', since: Date.now(), until: Date.now(), problem: null }) as const;
const closed = () =>
  ({
    state: 'closed',
    problem: {
      code: 'session-ended',
      message: 'Your session in Hooli has ended.',
      nextStep: 'Sign in again to see its dashboards.',
    },
  }) as const;

const COMPANIES = (
  'Acme Corporation,Globex,Initech,Hooli,Stark Industries,Wayne Enterprises,Cyberdyne,Soylent,' +
  'Tyrell,Wonka,Ärzte ohne Grenzen,Massive Dynamic,Oscorp,Pied Piper,Vandelay,Dunder Mifflin,' +
  'Sterling Cooper,Gringotts,Monsters Inc.,Aperture,Black Mesa,Weyland-Yutani,Nakatomi,Duff,' +
  'Bluth,Prestige Worldwide,Los Pollos Hermanos,Paper Street,Virtucon,Zorin'
).split(',');

/** The choices of `?who=`. */
export const people: Record<string, (connections: Connections) => TenantView[]> = {
  one: () => [acme()],
  operator: ({ umbrella }) => [tenant('acme', 'Acme Corporation', { connection: umbrella.id })],
  three: ({ umbrella }) => [
    acme(),
    globex(),
    tenant('initech', 'Initech <b>Ltd</b>', {
      ...ada,
      connection: umbrella.id,
      role: 'org:billing_manager',
      canEndOthers: true,
      status: offline(),
    }),
  ],
  thirty: () =>
    COMPANIES.map((name, index) =>
      tenant(`t${index}`, name, {
        role: index % 4 === 0 ? 'org:admin' : 'org:member',
        picture: [null, 'acme', 'globex', null, 'gone'][index % 5] ?? null,
        status: index === 3 ? closed() : index === 6 ? offline() : { state: 'online' },
      }),
    ),
  people: ({ umbrella }) => [
    acme(),
    globex(),
    tenant('hooli', 'Hooli', { status: closed() }),
    tenant('ada-acme', 'Acme Corporation', { ...ada, picture: 'acme' }),
    tenant('ada', 'Ada Ahlberg', { ...ada, personal: true, role: null, picture: 'ada' }),
    tenant('harbor', 'Harbor Coffee', {
      ...grace,
      connection: umbrella.id,
      role: 'org:admin',
      canEndOthers: true,
    }),
  ],
  crowd: ({ umbrella }) => [
    ...(people['people']?.({ umbrella } as Connections) ?? []),
    ...COMPANIES.slice(4).map((name, index) =>
      tenant(`c${index}`, name, { ...grace, connection: umbrella.id }),
    ),
  ],
  same: () => [
    acme(),
    globex(),
    tenant('ada-acme', 'Acme Corporation', { ...ada, picture: 'acme' }),
  ],
  personal: () => [
    tenant('linus', 'Linus Larsen', {
      personal: true,
      role: null,
      picture: 'ada',
      canEndOthers: true,
    }),
  ],
  names: () => [
    tenant(
      'long',
      'The Very Long Name of an Organization That Nobody Shortened '.repeat(4).trim(),
      {
        user: 'Wolfeschlegelsteinhausenbergerdorff'.repeat(5),
        email: `${'very-long-address-of-somebody'.repeat(6)}@example.com`,
        canEndOthers: true,
      },
    ),
    tenant('rtl', 'שלום חברה בעמ — ירושלים, תל אביב, חיפה ובאר שבע וכל השאר'),
    tenant('arabic', 'شركة القهوة (المحدودة)'),
    tenant('emoji', '🎉'),
    tenant('family', '👩‍👩‍👧‍👦 Family & Friends'),
    tenant('html', '<img src=x onerror="alert(1)"> <b>bold</b>'),
    tenant('unbroken', 'W'.repeat(200)),
  ],
};
