import { expect, test, vi } from 'vitest';
import type { TileRequest } from '../src/generated/TileRequest';
import type { TileView } from '../src/generated/TileView';
import { Tile, UNTOUCHED } from '../src/tile.svelte';
import { held, layout as layoutOf, pretend, tile as view } from './pretend';

const layout = layoutOf('visits');
const look = { width: 400, height: 300, dark: false };

/** A tile whose answers the test gives one by one. */
function asked() {
  const answers: ReturnType<typeof held<TileView>>[] = [];
  const requests: TileRequest[] = [];
  pretend({
    draw_tile: ({ request }: { request: TileRequest }) => {
      requests.push(request);
      const answer = held<TileView>();
      answers.push(answer);
      return answer.promise;
    },
  });
  const answer = (index: number, word: string) => {
    answers[index]?.resolve(view(word));
    return new Promise((done) => setTimeout(done));
  };
  return { tile: new Tile('acme', 'web', layout), requests, answer };
}

const said = (tile: Tile) => tile.view?.picture?.summary;

test('a tile asks for its own picture, once for one look', () => {
  const { tile, requests } = asked();
  tile.show(look);
  tile.show({ ...look });
  expect(requests).toEqual([
    { tenant: 'acme', dashboard: 'web', tile: 'visits', ...look, view: UNTOUCHED },
  ]);
});

test('while a picture is on its way, only the last of many sizes is asked for next', async () => {
  const { tile, requests, answer } = asked();
  for (let width = 400; width < 420; width++) tile.show({ ...look, width });
  expect(requests.map(({ width }) => width)).toEqual([400]);
  await answer(0, 'first');
  expect(said(tile)).toContain('first');
  expect(requests.map(({ width }) => width)).toEqual([400, 419]);
});

test('an answer to the question before is dropped, even when it comes last', async () => {
  const { tile, answer } = asked();
  tile.show(look);
  tile.renew();
  await answer(1, 'this week');
  await answer(0, 'last week');
  expect(said(tile)).toContain('this week');
});

test('an answer to the question before is dropped when it comes first', async () => {
  const { tile, answer } = asked();
  tile.show(look);
  tile.renew();
  await answer(0, 'last week');
  expect(tile.view).toBeNull();
  await answer(1, 'this week');
  expect(said(tile)).toContain('this week');
});

test('a tile that was closed takes no answer and asks nothing', async () => {
  const { tile, requests, answer } = asked();
  tile.show(look);
  tile.close();
  await answer(0, 'late');
  tile.changed();
  expect(tile.view).toBeNull();
  expect(requests).toHaveLength(1);
});

test('a refusal keeps the picture and tells why', async () => {
  let isBroken = false;
  const problem = { code: 'x', message: 'It broke.', nextStep: 'Mend it.' };
  pretend({
    draw_tile: () => {
      // A command rejects with a problem, which is no Error.
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      if (isBroken) throw problem;
      return view('good');
    },
  });
  const tile = new Tile('acme', 'web', layout);
  tile.show(look);
  await vi.waitFor(() => expect(tile.state).toBe('ready'));
  isBroken = true;
  tile.changed();
  await vi.waitFor(() => expect(tile.problem).toEqual(problem));
  expect(said(tile)).toContain('good');
  expect(tile.state).toBe('ready');
});

test('the axis is the one of the picture, and as asked only until that comes', async () => {
  const drawn = { measure: 'time', from: 0, to: 300, log: false } as const;
  const answers: ReturnType<typeof held<TileView>>[] = [];
  pretend({
    draw_tile: () => {
      answers.push(held<TileView>());
      return answers.at(-1)?.promise;
    },
  });
  const tile = new Tile('acme', 'web', layout);
  const answer = (from: number, to: number) => {
    const it = view('visits');
    const across = { ...drawn, from, to };
    answers.at(-1)?.resolve({ ...it, picture: it.picture && { ...it.picture, across } });
    return new Promise((done) => setTimeout(done));
  };
  tile.show(look);
  await answer(0, 300);
  tile.touch({ zoom: [-50, 111] });
  expect(tile.axis).toEqual({ ...drawn, from: -50, to: 111 });
  await answer(0, 120);
  expect(tile.axis).toEqual({ ...drawn, from: 0, to: 120 });
});

test('a newer answer is drawn as the viewer has left the picture', async () => {
  const { tile, requests, answer } = asked();
  tile.show(look);
  await answer(0, 'first');
  tile.touch({ zoom: [1, 2], hidden: ['mobile'], firstRow: 7 });
  await answer(1, 'zoomed');
  const left = tile.viewing;
  tile.changed();
  expect(requests.at(-1)?.view).toEqual({
    ...UNTOUCHED,
    zoom: [1, 2],
    hidden: ['mobile'],
    firstRow: 7,
  });
  expect(said(tile)).toContain('zoomed');
  await answer(2, 'newer');
  expect(said(tile)).toContain('newer');
  expect(tile.viewing).toBe(left);
});
