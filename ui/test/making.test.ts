// A dashboard from nothing: progress while pipes are asked, then a note under its title.

import { emit } from '@tauri-apps/api/event';
import { expect, test, vi } from 'vitest';
import type { DashboardView } from '../src/generated/DashboardView';
import { leftOut, progress } from '../src/making';
import { argumentsOf, dashboard, find, frame, get, open, tell, tenant, usual } from './pretend';

test('pipes are counted in words', () => {
  expect(progress({ asked: 0, pipes: 0 })).toBe('Asking for the list of pipes…');
  expect(progress({ asked: 3, pipes: 8 })).toBe('3 of 8 pipes');
  expect(leftOut({ leftOut: [] })).toBeNull();
  expect(leftOut({ leftOut: [{ pipe: 'a', why: 'b' }] })).toBe('1 pipe is left out');
});

test('a dashboard is made while one looks, and says what is not on it', async () => {
  const asking = (asked: number) =>
    frame({ tenants: [tenant('acme', 'Acme', { making: { asked, pipes: 8 } })] });
  let made: DashboardView | null = null;
  const openDashboard = () => {
    if (made) return made;
    const refusal = { code: 'making-dashboard', message: 'Making.', nextStep: 'Wait.' };
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as the core refuses
    return Promise.reject(refusal);
  };
  const calls = await open(
    usual({
      boot: () => ({ app: asking(3), dashboard: null }),
      open_dashboard: openDashboard,
      copy_dashboard: () => dashboard('acme', { id: 'kept' }),
    }),
  );
  const words = async () => (await get('making-progress')).textContent;
  expect(await words()).toBe('3 of 8 pipes');
  await tell(asking(7));
  await vi.waitFor(async () => expect(await words()).toBe('7 of 8 pipes'));

  const why = 'the parameter day is required';
  const locked = { code: 'made', message: 'No file yet.', nextStep: 'Keep it.' };
  made = dashboard('acme', {
    made: { leftOut: [{ pipe: 'sales', why }] },
    editing: { state: 'locked', problem: locked },
  });
  await tell(frame());
  await emit('dashboards');
  expect((await get('made-note')).textContent).toContain('Made from your pipes');
  expect((await get('made-left-out')).textContent).toContain(why);
  expect(find('making')).toBeNull();
  // Clicked twice, it is written once.
  const keep = await get('made-keep');
  keep.click();
  keep.click();
  await vi.waitFor(() => expect(argumentsOf(calls, 'copy_dashboard')).toHaveLength(1));
  await vi.waitFor(async () =>
    expect((await get('dashboard')).getAttribute('data-dashboard')).toBe('kept'),
  );
  expect(argumentsOf(calls, 'copy_dashboard')).toHaveLength(1);
});

test('a made dashboard is not offered to be kept where dashboards are another’s', async () => {
  const problem = { code: 'edited-elsewhere', message: 'Served.', nextStep: 'Ask.' };
  const made = dashboard('acme', {
    made: { leftOut: [] },
    editing: { state: 'locked', problem },
  });
  await open(usual({ boot: () => ({ app: frame(), dashboard: made }) }));
  expect((await get('made-note')).textContent).toContain('Made from your pipes');
  expect(find('made-keep')).toBeNull();
});

test('a file that cannot be read any more leaves the dashboard and says where the mistake is', async () => {
  const problem = {
    code: 'dashboard-invalid',
    message: 'web.toml:2:9: write a closing quote.',
    nextStep: 'Correct the file.',
  };
  await open(usual({ boot: () => ({ app: frame(), dashboard: dashboard('acme', { problem }) }) }));
  expect((await get('file-problem')).textContent).toContain('web.toml:2:9');
  expect(await get('tile-visits')).not.toBeNull();
});
