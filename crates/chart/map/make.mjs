// Makes `countries.txt` from Natural Earth's outlines, ISO 3166's codes and their English names:
//
//   npm install --no-save world-atlas@2.0.2 i18n-iso-countries@7.14.0 topojson-client@3.1.0 topojson-simplify@3.0.3
//   node make.mjs > countries.txt
//
// `README.md` says where all of it comes from, and what a line of the file holds.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature, mergeArcs } from 'topojson-client';
import { planarTriangleArea, presimplify } from 'topojson-simplify';

const require = createRequire(import.meta.url);
const codes = require('i18n-iso-countries/codes.json');
const names = require('i18n-iso-countries/langs/en.json').countries;
const topology = JSON.parse(readFileSync(require.resolve('world-atlas/countries-50m.json')));

/** From the left end of the map to its right one. */
const WIDTH = 16384;
/** The least triangle that a corner of an outline makes with its neighbours: half a pixel where the map is 2,000 wide. */
const FINEST = 32;
/** Equal Earth (Šavrič, Patterson and Jenny, 2018), on the unit sphere; `y` goes up. */
function equalEarth([longitude, latitude]) {
  const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796];
  const radians = Math.PI / 180;
  const t = Math.asin((Math.sqrt(3) / 2) * Math.sin(latitude * radians));
  const t2 = t * t;
  const t6 = t2 * t2 * t2;
  const x =
    (2 * Math.sqrt(3) * longitude * radians * Math.cos(t)) / (3 * (9 * a4 * t6 * t2 + 7 * a3 * t6 + 3 * a2 * t2 + a1));
  return [x, t * (a4 * t6 * t2 + a3 * t6 + a2 * t2 + a1)];
}

const RIGHT = equalEarth([180, 0])[0];
const TOP = equalEarth([0, 83.7])[1];

function grid(place) {
  const [x, y] = equalEarth(place);
  const unit = WIDTH / (2 * RIGHT);
  return [Math.round((x + RIGHT) * unit), Math.round((TOP - y) * unit)];
}

// Those without an outline of their own, because Natural Earth draws them as a part of another, or not at all: where
// they are, in degrees east and north.
const DOTS = {
  BQ: [-68.3, 12.2],
  BV: [3.4, -54.4],
  CC: [96.8, -12.2],
  CX: [105.6, -10.5],
  GF: [-53.1, 3.9],
  GI: [-5.35, 36.1],
  GP: [-61.5, 16.2],
  MQ: [-61.0, 14.7],
  RE: [55.5, -21.1],
  SJ: [18.0, 78.5],
  TK: [-171.8, -9.2],
  TV: [179.2, -8.5],
  UM: [166.6, 19.3],
  YT: [45.2, -12.8],
};

// ISO 3166 has no code for these; their code is that of the country that it counts them to.
const PART_OF = { Somaliland: 'SO', 'N. Cyprus': 'CY' };
// Names that answers hold besides those of the registry.
const MORE_NAMES = {
  BN: ['Brunei'],
  BO: ['Bolivia'],
  CD: ['DR Congo', 'Dem. Rep. Congo', 'Congo-Kinshasa', 'Democratic Republic of Congo'],
  CG: ['Republic of the Congo', 'Congo-Brazzaville', 'Congo'],
  CI: ["Côte d'Ivoire", "Cote d'Ivoire", 'Ivory Coast'],
  CV: ['Cape Verde', 'Cabo Verde'],
  CZ: ['Czechia', 'Czech Republic'],
  FK: ['Falkland Islands'],
  FM: ['Micronesia'],
  GM: ['Gambia', 'The Gambia'],
  IR: ['Iran'],
  KP: ['North Korea'],
  KR: ['South Korea', 'Korea'],
  LA: ['Laos'],
  MD: ['Moldova'],
  MK: ['North Macedonia', 'Macedonia'],
  MM: ['Myanmar', 'Burma'],
  MO: ['Macau', 'Macao'],
  NL: ['Netherlands', 'The Netherlands'],
  PS: ['Palestine'],
  RU: ['Russia'],
  SY: ['Syria'],
  SZ: ['Eswatini', 'Swaziland'],
  TR: ['Turkey', 'Türkiye', 'Turkiye'],
  TW: ['Taiwan'],
  TZ: ['Tanzania'],
  US: ['United States'],
  VA: ['Vatican City', 'Vatican'],
  VE: ['Venezuela'],
  VN: ['Vietnam'],
};
// What a reader calls them, where the registry's first name is another.
const CALLED = {
  BN: 'Brunei', BO: 'Bolivia', CD: 'DR Congo', CG: 'Congo', FK: 'Falkland Islands', FM: 'Micronesia', GB: 'United Kingdom',
  IR: 'Iran', KP: 'North Korea', KR: 'South Korea', LA: 'Laos', MD: 'Moldova', MK: 'North Macedonia', MO: 'Macau',
  PS: 'Palestine', RU: 'Russia', SY: 'Syria', TR: 'Turkey', TW: 'Taiwan', TZ: 'Tanzania', US: 'United States',
  CI: 'Côte d’Ivoire', CN: 'China', CW: 'Curaçao', RE: 'Réunion', ST: 'São Tomé and Príncipe', VA: 'Vatican City', VE: 'Venezuela', VN: 'Vietnam', GM: 'Gambia', CV: 'Cape Verde', CZ: 'Czechia', NL: 'Netherlands',
  VG: 'British Virgin Islands', VI: 'US Virgin Islands', MF: 'Saint Martin', SX: 'Sint Maarten', SZ: 'Eswatini',
};

/** The country's code, or none for land that is nobody's. */
function codeOf({ id, properties }) {
  if (properties.name === 'Kosovo') return 'XK';
  if (PART_OF[properties.name]) return PART_OF[properties.name];
  return codes.find((code) => code[2] === id)?.[0];
}

// The arcs that neighbours share are simplified once, so that no gap opens between them.
const { scale, translate } = topology.transform;
const arcs = topology.arcs.map((arc) => {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    [x, y] = [x + dx, y + dy];
    return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
  });
});
const simple = presimplify({ type: 'Topology', objects: topology.objects, arcs }, (triangle) =>
  planarTriangleArea(triangle.map(grid)),
);

const geometries = new Map();
for (const geometry of topology.objects.countries.geometries) {
  const code = geometry.properties.name === 'Antarctica' ? null : (codeOf(geometry) ?? '--');
  if (code) geometries.set(code, [...(geometries.get(code) ?? []), geometry]);
}

/** A letter for how much a corner matters: `a` from `FINEST` on, then for each doubling the next; `z` always. */
function level(area) {
  if (area === Infinity) return 'z';
  const doublings = Math.floor(Math.log2(area / FINEST));
  return doublings < 0 ? null : String.fromCharCode(97 + Math.min(doublings, 24));
}

function area(ring) {
  return ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

/** A ring on one side of a meridian. Where the meridian cuts it, there are corners that always matter. */
function half(ring, meridian, isInside) {
  return ring.flatMap((to, index) => {
    const from = ring[(index + ring.length - 1) % ring.length];
    const share = (meridian - from[0]) / (to[0] - from[0]);
    const cut = [meridian, from[1] + (to[1] - from[1]) * share, Infinity];
    const crossed = isInside(from[0]) !== isInside(to[0]) ? [cut] : [];
    return isInside(to[0]) ? [...crossed, to] : crossed;
  });
}

/** The atlas draws across the meridian at 180 degrees, where the map has its ends: such a ring is cut in two. */
function unroll(ring) {
  let turn = 0;
  const unrolled = ring.map(([longitude, latitude, weight], index) => {
    const before = index > 0 ? ring[index - 1][0] : longitude;
    turn += longitude - before > 180 ? -360 : longitude - before < -180 ? 360 : 0;
    return [longitude + turn, latitude, weight];
  });
  const shifted = (ring, by) => ring.map(([longitude, latitude, weight]) => [longitude + by, latitude, weight]);
  const middle = half(half(unrolled, 180, (at) => at <= 180), -180, (at) => at >= -180);
  const east = shifted(half(unrolled, 180, (at) => at > 180), -360);
  const west = shifted(half(unrolled, -180, (at) => at < -180), 360);
  return [middle, east, west].filter((part) => part.length >= 3);
}

function outlines(code) {
  const shapes = geometries.get(code);
  if (!shapes || DOTS[code]) return [];
  const merged = shapes.length > 1 ? mergeArcs(simple, shapes) : shapes[0];
  const { type, coordinates } = feature(simple, merged).geometry;
  const rings = (type === 'Polygon' ? [coordinates] : coordinates).flat();
  return rings
    .flatMap((ring) => unroll(ring.slice(0, -1)))
    .map((ring) => ring.map(([longitude, latitude, weight]) => [...grid([longitude, latitude]), weight]))
    .sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)));
}

/** Corners as a letter and two steps from the corner before: `c12-7`. */
function write(ring) {
  let [x, y] = [0, 0];
  return ring
    .map(([toX, toY, weight]) => [toX, toY, level(weight)])
    .filter((corner) => corner[2])
    .map(([toX, toY, letter]) => {
      const signed = (step) => (step < 0 ? `${step}` : `+${step}`);
      const corner = `${letter}${signed(toX - x)}${signed(toY - y)}`;
      [x, y] = [toX, toY];
      return corner;
    })
    .join('');
}

/** The middle of the largest piece. */
function middle(ring) {
  let [x, y] = [0, 0];
  ring.forEach(([fromX, fromY], index) => {
    const [toX, toY] = ring[(index + 1) % ring.length];
    const cross = fromX * toY - toX * fromY;
    x += (fromX + toX) * cross;
    y += (fromY + toY) * cross;
  });
  const whole = 6 * area(ring);
  return whole === 0 ? ring[0] : [Math.round(x / whole), Math.round(y / whole)];
}

const all = codes.filter((code) => code[0] !== 'AQ').map(([alpha2, alpha3]) => [alpha2, alpha3]);
const called = new Set(Object.values(CALLED));
const taken = new Set();
for (const [alpha2, alpha3] of [...all, ['--', '---']]) {
  const rings = outlines(alpha2);
  const kept = rings.filter((ring, index) => index === 0 || Math.abs(area(ring)) >= FINEST * 2);
  const written = kept.map(write).filter((ring) => (ring.match(/[a-z]/g) ?? []).length >= 3);
  const [x, y] = DOTS[alpha2] ? grid(DOTS[alpha2]) : middle(rings[0].map(([x, y]) => [x, y]));
  const known = [CALLED[alpha2], ...(MORE_NAMES[alpha2] ?? []), names[alpha2] ?? []].flat().filter(Boolean);
  // A name belongs to one country: "Congo" is not both.
  const own = [...new Set(known)].filter((name) => name === CALLED[alpha2] || !(called.has(name) || taken.has(name.toLowerCase())));
  own.forEach((name) => taken.add(name.toLowerCase()));
  console.log([alpha2, alpha3, own.join('|'), `${x} ${y}`, written.join(' ')].join('\t'));
}
