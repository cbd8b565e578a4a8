// A tile that has no newer answer: a sentence for the viewer, the whole for the
// operator.

import { describe, expect, test, vi } from 'vitest';
import type { Problem } from '../src/generated/Problem';
import { argumentsOf, click, find, get, open, tile, usual, type Answers } from './pretend';

const forbidden: Problem = {
  code: 'pipe-forbidden',
  message: 'The service does not accept this token.',
  nextStep: 'Ask your operator.',
  detail: 'pipe-forbidden: …\npipe: kpis\nstatus: 403\nrequest id: req-1',
};

const failed = { picture: null, fetched: null, refreshing: false, problem: forbidden };

const start = (view: object, answers: Answers = {}) =>
  open(usual({ draw_tile: () => view, ...answers }));

describe('a tile that failed', () => {
  test('says the sentence and the next step, and keeps the whole for whoever asks', async () => {
    await start(failed);
    const said = (await get('tile-problem')).textContent;
    expect(said).toContain(forbidden.message);
    expect(said).toContain(forbidden.nextStep);
    expect(document.body.textContent).not.toContain('req-1');
    const button = await get('tile-details-open');
    expect(button.getAttribute('aria-label')).toBe('Details for your operator');
    button.click();
    expect((await get('problem-detail')).textContent).toBe(forbidden.detail);
    expect(find('problem-detail')?.tabIndex, 'the keyboard reaches what scrolls').toBe(0);
  });

  test('has its details copied by the core, and says so', async () => {
    const calls = await start(failed);
    await click('tile-details-open');
    await click('tile-details-copy');
    await vi.waitFor(() => expect(find('tile-details-copy')?.textContent).toContain('Copied'));
    expect(argumentsOf(calls, 'copy_tile_detail')).toEqual([
      { tenant: 'acme', dashboard: 'web', tile: 'visits' },
    ]);
  });

  test('says when they could not be copied', async () => {
    const clipboard: Problem = { code: 'clipboard', message: 'Not copied.', nextStep: 'By hand.' };
    await start(failed, {
      copy_tile_detail: () => {
        throw clipboard as unknown as Error;
      },
    });
    await click('tile-details-open');
    await click('tile-details-copy');
    await vi.waitFor(() => expect(find('tile-details')?.textContent).toContain('Not copied.'));
    expect(find('tile-details-copy')?.textContent).not.toContain('Copied');
  });

  test('is asked again from its details, which close', async () => {
    const calls = await start(failed);
    await click('tile-details-open');
    await click('tile-details-retry');
    expect(find('tile-details')).toBeNull();
    expect(argumentsOf(calls, 'refresh_tile')).toHaveLength(1);
  });

  test('has no details where the sentence says it all', async () => {
    await start({ ...failed, problem: { code: 'a', message: 'All.', nextStep: 'Wait.' } });
    await get('tile-problem');
    expect(find('tile-details-open')).toBeNull();
  });
});

describe('a tile with its last good answer', () => {
  test('has the details beside the sentence below the picture', async () => {
    await start({ ...tile('before'), problem: forbidden });
    await click('tile-details-open');
    expect((await get('tile-details')).textContent).toContain('status: 403');
    expect(find('tile-visits')?.dataset['state']).toBe('ready');
  });
});
