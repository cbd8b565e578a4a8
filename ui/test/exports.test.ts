// Taking a tile or a dashboard along: what is asked of the core, and what is told of it.

import { expect, test, vi } from 'vitest';
import { argumentsOf, click, find, get, open, ready, usual, type Answers } from './pretend';

async function window(answers: Answers) {
  const calls = await open(usual(answers));
  await ready();
  return calls;
}

test('a tile is saved as the viewer sees it, and where it went is told', async () => {
  const calls = await window({ export_tile: () => '/home/ada/Visits.png' });
  await click('tile-menu');
  await click('tile-save-png-2');
  expect((await get('news')).textContent).toContain('Saved to /home/ada/Visits.png');
  const [{ request }] = argumentsOf(calls, 'draw_tile') as [{ request: unknown }];
  expect(argumentsOf(calls, 'export_tile')).toEqual([{ request, format: 'png', scale: 2 }]);
  await click('news-dismiss');
  expect(find('news')).toBeNull();
});

test('who thinks better of it is told nothing', async () => {
  const calls = await window({ export_tile: () => null });
  await click('tile-menu');
  await click('tile-save-csv');
  await vi.waitFor(() => expect(argumentsOf(calls, 'export_tile')).toHaveLength(1));
  await new Promise((done) => setTimeout(done));
  expect(find('news')).toBeNull();
  expect(find('notice')).toBeNull();
});

test('a file that could not be written says why and what to do', async () => {
  const problem = { code: 'not-written', message: 'The disk is full.', nextStep: 'Make room.' };
  await window({
    // A command rejects with a problem, which is no Error.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    export_tile: () => Promise.reject(problem),
  });
  await click('tile-menu');
  await click('tile-save-svg');
  expect((await get('notice')).textContent).toMatch(/The disk is full\..*Make room\./s);
});

test('a picture and its rows are copied', async () => {
  const calls = await window({});
  await click('tile-menu');
  await click('tile-copy-image');
  expect((await get('news')).textContent).toContain('The picture of “Visits”');
  await click('tile-menu');
  await click('tile-copy-data');
  await vi.waitFor(() =>
    expect(argumentsOf(calls, 'copy_tile').map(({ format }) => format)).toEqual(['png', 'csv']),
  );
});

test('a dashboard is saved as a document, its tiles as the viewer has arranged them', async () => {
  const calls = await window({ export_dashboard: () => '/home/ada/Web traffic.pdf' });
  await click('tile-menu');
  await click('tile-as-table');
  await click('dashboard-menu');
  await click('save-dashboard');
  expect((await get('news')).textContent).toContain('Web traffic.pdf');
  expect(argumentsOf(calls, 'export_dashboard')).toMatchObject([
    { tenant: 'acme', dashboard: 'web', views: { visits: { asTable: true } }, format: 'pdf' },
  ]);
});

test('a tile without a picture has nothing to take along', async () => {
  const problem = { code: 'x', message: 'It broke.', nextStep: 'Mend it.' };
  await open(
    usual({ draw_tile: () => ({ picture: null, fetched: null, refreshing: false, problem }) }),
  );
  await get('tile-problem');
  expect(find('tile-menu')).toBeNull();
});
