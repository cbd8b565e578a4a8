// What the kinds of chart are called, and a sign of each.

export interface KindWords {
  label: string;
  /** A path in a square of 16. */
  path: string;
}

const KINDS: Record<string, KindWords> = {
  auto: {
    label: 'Auto',
    path: 'M8 2.5l1.4 4.1 4.1 1.4-4.1 1.4L8 13.5 6.6 9.4 2.5 8l4.1-1.4z',
  },
  line: { label: 'Line', path: 'M2.5 11.5l3.5-4 3 2 4.5-5.5' },
  area: { label: 'Area', path: 'M2.5 13.5v-3l3.5-4 3 2 4.5-4.5v9.5zM2.5 13.5h11' },
  column: { label: 'Columns', path: 'M4 13.5V8M8 13.5V3.5M12 13.5V6' },
  bar: { label: 'Bars', path: 'M2.5 4H8M2.5 8h10.5M2.5 12H10' },
  'bar-list': { label: 'Bar list', path: 'M2.5 2.5h11v3h-11zM2.5 6.7h7.5v3H2.5zM2.5 10.9h4v3h-4z' },
  donut: {
    label: 'Donut',
    path: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 2.5v3',
  },
  pie: { label: 'Pie', path: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5H8zM10 2.7A5.5 5.5 0 0 1 13.3 6H10z' },
  kpi: { label: 'Number', path: 'M5 5l2-1.5v9M5 12.5h4M11 12.5h.01' },
  table: { label: 'Table', path: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 3.5v9' },
  scatter: {
    label: 'Scatter',
    path: 'M4 11h.01M6.5 7h.01M9 9.5h.01M11 5h.01M12.5 8h.01M5 13.5h.01',
  },
  bubble: {
    label: 'Bubbles',
    path: 'M5.5 8a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM11.5 3a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM11.7 10.5h.01',
  },
  'heat-map': {
    label: 'Heat map',
    path: 'M2.5 2.5h11v11h-11zM6.2 2.5v11M9.8 2.5v11M2.5 6.2h11M2.5 9.8h11',
  },
  histogram: { label: 'Histogram', path: 'M2.5 13.5V10h2.7V6h2.8V3h2.8v5h2.7v5.5z' },
  funnel: { label: 'Funnel', path: 'M2.5 3.5h11M4.2 7.5h7.6M5.8 11.5h4.4' },
  gauge: { label: 'Gauge', path: 'M2.5 11a5.5 5.5 0 0 1 11 0M8 11l2.5-3.5' },
  candlestick: {
    label: 'Candles',
    path: 'M5 2.5v2M5 10v3.5M3.5 4.5h3V10h-3zM11 3.5v3M11 11v2M9.5 6.5h3V11h-3z',
  },
  'box-plot': {
    label: 'Box plot',
    path: 'M8 2.5v2.5M8 11v2.5M4.5 5h7v6h-7zM4.5 8.5h7M6 2.5h4M6 13.5h4',
  },
  'state-timeline': {
    label: 'States',
    path: 'M2.5 4h4v2.5h-4zM8 4h5.5v2.5H8zM2.5 9.5h6V12h-6zM10 9.5h3.5V12H10z',
  },
  map: {
    label: 'Map',
    path: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM2.5 8h11M8 2.5c1.7 1.5 2.5 3.3 2.5 5.5S9.7 12 8 13.5C6.3 12 5.5 10.2 5.5 8S6.3 4 8 2.5z',
  },
  text: { label: 'Text', path: 'M3.5 4.5v-1h9v1M8 3.5v9M6.5 12.5h3' },
};

/** Also of a kind that a newer core draws. */
export function wordsOf(kind: string): KindWords {
  return KINDS[kind] ?? { label: kind, path: 'M2.5 2.5v11h11' };
}

/** Whether series can stand on each other. */
export const canStack = (kind: string) => ['area', 'column', 'bar', 'line'].includes(kind);
