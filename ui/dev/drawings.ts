// Pictures for the pretended core, in the form of the real ones: the same kinds
// of elements, the same marks. Good enough to judge the frame around them.

import type { Mark } from '../src/generated/Mark';
import type { PictureView } from '../src/generated/PictureView';
import type { TileRequest } from '../src/generated/TileRequest';

const FONT = 'Perch Sans, Inter, sans-serif';
const TABLE_ROWS = 100_000;

export function drawing(kind: string, request: TileRequest): PictureView {
  const { width, height, dark, firstRow } = request;
  const ink = dark ? '#e9ecf0' : '#1b1f24';
  const muted = dark ? '#a0a8b3' : '#5c6570';
  const grid = dark ? '#2a2f37' : '#e6e8eb';
  const series = dark ? ['#6ea8fe', '#e06f00', '#3edfd8'] : ['#2563c4', '#af5e33', '#0ba291'];
  const out: string[] = [];
  const marks: Mark[] = [];
  const label = (x: number, y: number, words: string, size = 12, fill = muted, extra = '') =>
    out.push(`<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" ${extra}>${words}</text>`);
  let plot = { x: 0, y: 0, width, height };
  let pick: 'nearest-x' | 'shape' = 'shape';
  let scroll: PictureView['scroll'] = null;

  if (kind === 'line' || kind === 'area' || kind === 'bar') {
    plot = { x: 40, y: 8, width: width - 48, height: height - 32 };
    pick = 'nearest-x';
    for (let line = 0; line <= 4; line++) {
      const y = Math.round(plot.y + (plot.height * line) / 4) + 0.5;
      out.push(`<polyline points="${plot.x},${y} ${width - 8},${y}" stroke="${grid}"/>`);
      label(plot.x - 8, y + 4, `${(4 - line) * 2}k`, 11, muted, 'text-anchor="end"');
    }
    const points: string[] = [];
    const days = 30;
    for (let day = 0; day < days; day++) {
      const value = 3000 + 2200 * Math.sin(day / 3.2) + ((day * 977) % 1400);
      const x = plot.x + (plot.width * (day + 0.5)) / days;
      const y = plot.y + plot.height * (1 - value / 8000);
      points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
      if (kind === 'bar') {
        const bar = (plot.width / days) * 0.7;
        const left = (x - bar / 2).toFixed(1);
        out.push(
          `<rect x="${left}" y="${y.toFixed(1)}" width="${bar.toFixed(1)}" height="${(plot.y + plot.height - y).toFixed(1)}" fill="${series[0]}"/>`,
        );
      }
      marks.push({
        shape: { type: 'column', x },
        heading: `${day + 1} November 2026`,
        entries: [
          { name: 'visits', value: Math.round(value).toString(), color: series[0] ?? '', y },
          { name: 'previous', value: '3,120', color: muted, y: null },
        ],
      });
      if (day % 7 === 0) label(x, height - 6, `${day + 1} Nov`, 11, muted, 'text-anchor="middle"');
    }
    if (kind === 'area') {
      const base = plot.y + plot.height;
      out.push(
        `<polygon points="${plot.x},${base} ${points.join(' ')} ${width - 8},${base}" fill="${series[0]}" fill-opacity="0.15"/>`,
      );
    }
    if (kind !== 'bar') {
      out.push(
        `<polyline points="${points.join(' ')}" stroke="${series[0]}" stroke-width="1.75"/>`,
      );
    }
  } else if (kind === 'bar-list') {
    const names = ['/', '/pricing', '/docs/getting-started', '/blog/hello-world', '/changelog'];
    names.forEach((name, index) => {
      const y = index * 30;
      const value = Math.round(4210 / (index + 1));
      const length = ((width - 60) * value) / 4210;
      out.push(
        `<rect x="0" y="${y}" width="${length}" height="26" fill="${series[0]}" fill-opacity="0.16"/>`,
      );
      label(8, y + 17, name, 12, ink);
      label(width, y + 17, value.toLocaleString('en'), 12, ink, 'text-anchor="end"');
      marks.push({
        shape: { type: 'rect', x: 0, y, width, height: 26 },
        heading: name,
        entries: [{ name: 'visits', value: value.toString(), color: series[0] ?? '', y: null }],
      });
    });
  } else if (kind === 'donut') {
    const outer = Math.min(width, height) / 2 - 2;
    const inner = outer * 0.62;
    const [cx, cy] = [width / 2, height / 2];
    let start = 0;
    [0.55, 0.3, 0.15].forEach((share, index) => {
      const end = start + share * 2 * Math.PI;
      const at = (radius: number, angle: number) =>
        `${(cx + radius * Math.sin(angle)).toFixed(1)},${(cy - radius * Math.cos(angle)).toFixed(1)}`;
      const large = share > 0.5 ? 1 : 0;
      out.push(
        `<path d="M${at(outer, start)}A${outer},${outer} 0 ${large} 1 ${at(outer, end)}L${at(inner, end)}A${inner},${inner} 0 ${large} 0 ${at(inner, start)}Z" fill="${series[index]}"/>`,
      );
      marks.push({
        shape: { type: 'wedge', cx, cy, inner, outer, start, end },
        heading: ['desktop', 'mobile', 'tablet'][index] ?? '',
        entries: [
          { name: 'visits', value: `${share * 100} %`, color: series[index] ?? '', y: null },
        ],
      });
      start = end;
    });
  } else if (kind === 'table') {
    const rowHeight = 28;
    const visible = Math.floor(height / rowHeight) - 1;
    ['pathname', 'visits', 'pageviews'].forEach((name, column) =>
      label(
        column === 0 ? 0 : (width * (column + 1)) / 3,
        18,
        name,
        12,
        muted,
        column === 0 ? '' : 'text-anchor="end"',
      ),
    );
    for (let row = 0; row < visible; row++) {
      const y = (row + 1) * rowHeight;
      const number = firstRow + row;
      out.push(`<polyline points="0,${y} ${width},${y}" stroke="${grid}"/>`);
      label(0, y + 18, `/page/${number}`, 12, ink);
      label((width * 2) / 3, y + 18, String(number * 3), 12, ink, 'text-anchor="end"');
      label(width, y + 18, String(number * 7), 12, ink, 'text-anchor="end"');
      marks.push({
        shape: { type: 'rect', x: 0, y, width, height: rowHeight },
        heading: `/page/${number}`,
        entries: [{ name: 'visits', value: String(number * 3), color: series[0] ?? '', y: null }],
      });
    }
    scroll = { rows: TABLE_ROWS, first: firstRow, visible, row_height: rowHeight };
  } else {
    label(0, 40, '48,213', 34, ink, 'font-weight="600"');
    label(0, 64, '+12.4 % against the 7 days before', 12, dark ? '#4cc38a' : '#18794e');
  }

  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" fill="none"><title>A pretended ${kind}</title>${out.join('')}</svg>`,
    marks: { plot, pick, marks },
    summary: `A pretended ${kind}`,
    scroll,
  };
}
