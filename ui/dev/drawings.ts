// Pictures for the pretended core, in the form of the real ones: the same kinds
// of elements, the same marks, and each answers to what a viewer does with it.
// Good enough to judge the frame around them.

import type { LegendItem } from '../src/generated/LegendItem';
import type { Mark } from '../src/generated/Mark';
import type { PictureView } from '../src/generated/PictureView';
import type { TileRequest } from '../src/generated/TileRequest';
import { rows } from './rows';

const FONT = 'Perch Sans, Inter, sans-serif';
const DAY = 86_400_000_000;
const FIRST = Date.UTC(2026, 9, 22) * 1_000;
const DAYS = 30;
const DEVICES = ['desktop', 'mobile', 'tablet'];
const COUNTRIES = ['de', 'at', 'ch', 'fr', 'it', 'es', 'pt', 'nl', 'be', 'dk', 'se', 'no'];

/** What a picture is made with. */
export class Sheet {
  readonly width: number;
  readonly height: number;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly series: string[];
  readonly out: string[] = [];
  readonly marks: Mark[] = [];

  constructor(
    readonly kind: string,
    readonly request: TileRequest,
  ) {
    this.width = request.width;
    this.height = request.height;
    const dark = request.dark;
    this.ink = dark ? '#e9ecf0' : '#1b1f24';
    this.muted = dark ? '#a0a8b3' : '#5c6570';
    this.grid = dark ? '#2a2f37' : '#e6e8eb';
    this.series = dark ? ['#6ea8fe', '#e06f00', '#3edfd8'] : ['#2563c4', '#af5e33', '#0ba291'];
  }

  color(index: number): string {
    return this.series[index % this.series.length] ?? this.ink;
  }

  label(x: number, y: number, words: string, size = 12, fill = this.muted, extra = ''): void {
    const text = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    this.out.push(
      `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" ${extra}>${text}</text>`,
    );
  }

  picture(change: Partial<PictureView> = {}): PictureView {
    const { width, height } = this;
    return {
      svg: `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" fill="none"><title>A pretended ${this.kind}</title>${this.out.join('')}</svg>`,
      marks: {
        plot: { x: 0, y: 0, width, height },
        pick: 'shape',
        marks: this.marks,
        groups: [],
        untold: 0,
      },
      summary: `A pretended ${this.kind}`,
      scroll: null,
      legend: [],
      across: null,
      ...change,
    };
  }
}

export function drawing(kind: string, request: TileRequest): PictureView {
  const sheet = new Sheet(kind, request);
  if (request.view.asTable || kind === 'table') return rows(sheet);
  if (kind === 'line' || kind === 'area') return overTime(sheet);
  if (kind === 'column') return columns(sheet);
  if (kind === 'bar-list') return bars(sheet);
  if (kind === 'donut') return ring(sheet);
  sheet.label(0, 40, '48,213', 34, sheet.ink, 'font-weight="600"');
  sheet.label(0, 64, '+12.4 % against the 7 days before', 12, request.dark ? '#4cc38a' : '#18794e');
  return sheet.picture();
}

/** Three devices over thirty days, or 24 countries where the tile is called so. */
function overTime(sheet: Sheet): PictureView {
  const { width, height, request } = sheet;
  const names =
    request.tile === 'countries'
      ? [...COUNTRIES, ...COUNTRIES.map((code) => `${code} (roaming)`)]
      : DEVICES;
  const { legend, top } = legendOf(sheet, names);
  const plot = { x: 40, y: top, width: width - 48, height: height - top - 24 };
  const [from, to] = request.view.zoom ?? [FIRST, FIRST + DAY * (DAYS - 1)];
  const shown = names.filter((name) => !request.view.hidden.includes(name));
  for (let line = 0; line <= 4; line++) {
    const y = Math.round(plot.y + (plot.height * line) / 4) + 0.5;
    sheet.out.push(`<polyline points="${plot.x},${y} ${width - 8},${y}" stroke="${sheet.grid}"/>`);
    sheet.label(plot.x - 8, y + 4, `${(4 - line) * 2}k`, 11, sheet.muted, 'text-anchor="end"');
  }
  const points = new Map<string, string[]>();
  for (let day = 0; day < DAYS; day++) {
    const at = FIRST + DAY * day;
    if (at < from || at > to) continue;
    const x = plot.x + (plot.width * (at - from)) / (to - from || 1);
    const heading = new Date(at / 1_000).toUTCString().slice(0, 16);
    const entries = shown.map((name) => {
      const rank = names.indexOf(name);
      const isGap = day === 12 && rank === 1;
      const value = Math.round(
        6_400 / (1 + rank * 0.4) + 900 * Math.sin(day / 3.2 + rank) + ((day * 977) % 400),
      );
      const y = plot.y + plot.height * (1 - value / 8_000);
      if (!isGap) {
        points.set(name, [...(points.get(name) ?? []), `${x.toFixed(1)},${y.toFixed(1)}`]);
      }
      return {
        name,
        value: isGap ? '–' : value.toLocaleString('en'),
        amount: isGap ? null : value,
        color: sheet.color(rank),
        y: isGap ? null : y,
      };
    });
    sheet.marks.push({
      shape: { type: 'column', x },
      heading,
      entries,
      at,
      parts: [],
      keys: [],
      link: null,
    });
    if (day % 7 === 0) sheet.label(x, height - 6, heading.slice(5, 11), 11);
  }
  for (const [name, list] of points) {
    const color = sheet.color(names.indexOf(name));
    if (sheet.kind === 'area') {
      const base = plot.y + plot.height;
      const ends = [list[0]?.split(',')[0] ?? 0, list.at(-1)?.split(',')[0] ?? 0];
      sheet.out.push(
        `<polygon points="${ends[0]},${base} ${list.join(' ')} ${ends[1]},${base}" fill="${color}" fill-opacity="0.15"/>`,
      );
    }
    sheet.out.push(`<polyline points="${list.join(' ')}" stroke="${color}" stroke-width="1.75"/>`);
  }
  return sheet.picture({
    marks: { plot, pick: 'nearest-x', marks: sheet.marks, groups: [], untold: 0 },
    legend,
    across: { measure: 'time', from, to, log: false },
  });
}

/** Names in a line above the plot, and how much room they leave below. */
function legendOf(sheet: Sheet, names: string[]): { legend: LegendItem[]; top: number } {
  let x = 0;
  let y = 0;
  const legend = names.map((name, rank) => {
    const wide = 24 + name.length * 6.5;
    if (x + wide > sheet.width && x > 0) {
      x = 0;
      y += 20;
    }
    const shown = !sheet.request.view.hidden.includes(name);
    const fade = shown ? '' : 'fill-opacity="0.45"';
    const color = sheet.color(rank);
    sheet.out.push(
      `<rect x="${x}" y="${y + 6}" width="9" height="9" rx="2" fill="${color}" ${fade}/>`,
    );
    sheet.label(x + 15, y + 14.5, name, 12, sheet.muted, fade);
    const place = { x: x - 4, y, width: wide, height: 20 };
    x += wide + 6;
    return { name, color, shown, place };
  });
  return { legend, top: y + 30 };
}

/** One column a country: what a click filters by. */
function columns(sheet: Sheet): PictureView {
  const { width, height } = sheet;
  const plot = { x: 8, y: 8, width: width - 16, height: height - 32 };
  COUNTRIES.slice(0, 8).forEach((code, index) => {
    const value = Math.round(5_200 / (index + 1));
    const step = plot.width / 8;
    const x = plot.x + step * index;
    const y = plot.y + plot.height * (1 - value / 5_200);
    sheet.out.push(
      `<rect x="${x + step * 0.15}" y="${y}" width="${step * 0.7}" height="${plot.y + plot.height - y}" fill="${sheet.color(0)}"/>`,
    );
    sheet.label(x + step / 2, height - 6, code, 11, sheet.muted, 'text-anchor="middle"');
    sheet.marks.push({
      shape: { type: 'rect', x, y: plot.y, width: step, height: plot.height },
      heading: code,
      entries: [
        {
          name: 'visits',
          value: value.toLocaleString('en'),
          amount: value,
          color: sheet.color(0),
          y,
        },
      ],
      at: null,
      parts: [],
      keys: [{ column: 'country', value: code }],
      link: null,
    });
  });
  return sheet.picture({
    marks: { plot, pick: 'nearest-x', marks: sheet.marks, groups: [], untold: 0 },
  });
}

function bars(sheet: Sheet): PictureView {
  const names = ['/', '/pricing', '/docs/getting-started', '/blog/hello-world', '/changelog'];
  names.forEach((name, index) => {
    const y = index * 30;
    const value = Math.round(4_210 / (index + 1));
    const length = ((sheet.width - 60) * value) / 4_210;
    sheet.out.push(
      `<rect x="0" y="${y}" width="${length}" height="26" fill="${sheet.color(0)}" fill-opacity="0.16"/>`,
    );
    sheet.label(8, y + 17, name, 12, sheet.ink);
    sheet.label(
      sheet.width,
      y + 17,
      value.toLocaleString('en'),
      12,
      sheet.ink,
      'text-anchor="end"',
    );
    sheet.marks.push({
      shape: { type: 'rect', x: 0, y, width: sheet.width, height: 26 },
      heading: name,
      entries: [
        { name: 'visits', value: String(value), amount: value, color: sheet.color(0), y: null },
      ],
      at: null,
      parts: [],
      keys: [{ column: 'pathname', value: name }],
      link: `https://shop.example${name}`,
    });
  });
  return sheet.picture();
}

function ring(sheet: Sheet): PictureView {
  const outer = Math.min(sheet.width, sheet.height) / 2 - 2;
  const inner = outer * 0.62;
  const [cx, cy] = [sheet.width / 2, sheet.height / 2];
  let start = 0;
  [0.55, 0.3, 0.15].forEach((share, index) => {
    const end = start + share * 2 * Math.PI;
    const at = (radius: number, angle: number) =>
      `${(cx + radius * Math.sin(angle)).toFixed(1)},${(cy - radius * Math.cos(angle)).toFixed(1)}`;
    const large = share > 0.5 ? 1 : 0;
    sheet.out.push(
      `<path d="M${at(outer, start)}A${outer},${outer} 0 ${large} 1 ${at(outer, end)}L${at(inner, end)}A${inner},${inner} 0 ${large} 0 ${at(inner, start)}Z" fill="${sheet.color(index)}"/>`,
    );
    const heading = DEVICES[index] ?? '';
    sheet.marks.push({
      shape: { type: 'wedge', cx, cy, inner, outer, start, end },
      heading,
      entries: [
        {
          name: 'visits',
          value: `${share * 100} %`,
          amount: share,
          color: sheet.color(index),
          y: null,
        },
      ],
      at: null,
      parts: [],
      keys: [{ column: 'device', value: heading }],
      link: null,
    });
    start = end;
  });
  return sheet.picture();
}
