// The peers that run in Node. Reads one task a line and answers each with a
// line: the nanoseconds that each of its turns took. The process stays, so
// that what V8 has learned in one task it knows in the next.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as echarts from 'echarts';
import { SignJWT } from 'jose';
import { lines } from './lines.mjs';

const tasks = { decode, render, redraw, mint };

/** An answer's bytes to one array a column: JSON.parse, then a push for each value. */
function decode({ file }) {
  const bytes = readFileSync(file);
  return () => {
    const { meta, data } = JSON.parse(bytes.toString());
    const columns = meta.map(() => []);
    for (const row of data) {
      for (let index = 0; index < meta.length; index += 1) {
        columns[index].push(row[meta[index].name]);
      }
    }
    return columns;
  };
}

/** ECharts as its documentation has it on a server, with an answer in it. */
function chart(answer, width, height, sampling) {
  const made = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  made.setOption(lines(answer, sampling));
  return made;
}

/** An answer's bytes to SVG. */
function render({ file, width, height, sampling }) {
  const bytes = readFileSync(file);
  return () => {
    const drawn = chart(JSON.parse(bytes.toString()), width, height, sampling);
    const svg = drawn.renderToSVGString();
    drawn.dispose();
    return svg;
  };
}

/** Charts that stay, in the one size and in the other. */
function redraw({ files, sizes }) {
  const charts = files.map((file) => chart(JSON.parse(readFileSync(file).toString()), ...sizes[0]));
  let turns = 0;
  return () => {
    turns += 1;
    const [width, height] = sizes[turns % sizes.length];
    return charts.map((each) => {
      each.resize({ width, height, silent: true });
      return each.renderToSVGString();
    });
  };
}

/** One token after another, with a shared secret as jose's documentation has it: its bytes, made once. */
async function mint({ secret, claims }) {
  const key = new TextEncoder().encode(secret);
  const { iat, nbf, exp, ...rest } = claims;
  return () =>
    new SignJWT(rest)
      .setProtectedHeader({ typ: 'JWT', alg: 'HS256' })
      .setIssuedAt(iat)
      .setNotBefore(nbf)
      .setExpirationTime(exp)
      .sign(key);
}

const prepared = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { task, turns, ...what } = JSON.parse(line);
  const id = JSON.stringify([task, what]);
  if (!prepared.has(id)) prepared.set(id, await tasks[task](what));
  const turn = prepared.get(id);
  const times = [];
  for (let count = 0; count < turns; count += 1) {
    const begun = process.hrtime.bigint();
    let made = turn();
    if (made instanceof Promise) made = await made;
    times.push(Number(process.hrtime.bigint() - begun));
  }
  console.log(JSON.stringify(times));
}
