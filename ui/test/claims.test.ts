import { expect, test } from 'vitest';
import { piecesOf, scopesOf } from '../src/claims';

const claims = {
  workspace_id: '8f0c',
  exp: 1795229778,
  scopes: [
    { type: 'PIPES:READ', resource: 'kpis', fixed_params: { org_id: 'org_1', limit: 10 } },
    { type: 'PIPES:READ', resource: 'trend' },
  ],
};

test('the pieces put together are the JSON', () => {
  const odd = { 'a": {"b': 'x": y \\', n: [-1.5e3, true, null], empty: {}, text: '<b>' };
  for (const value of [claims, odd, [], 'x', 3]) {
    expect(
      piecesOf(value)
        .map(({ text }) => text)
        .join(''),
    ).toBe(JSON.stringify(value, null, 2));
  }
});

test('only names are coloured as names', () => {
  const keys = piecesOf({ a: 'b: c' }).filter(({ kind }) => kind === 'key');
  expect(keys).toEqual([{ kind: 'key', text: '"a"' }]);
});

test('each scope tells its pipe and what is fixed for it', () => {
  expect(scopesOf(claims)).toEqual([
    {
      type: 'PIPES:READ',
      resource: 'kpis',
      fixed: [
        ['org_id', 'org_1'],
        ['limit', '10'],
      ],
    },
    { type: 'PIPES:READ', resource: 'trend', fixed: [] },
  ]);
});

test('claims of another form have no scopes', () => {
  for (const odd of [undefined, null, 'x', {}, { scopes: 'all' }, { scopes: [null, 3] }]) {
    expect(scopesOf(odd)).toEqual([]);
  }
});
