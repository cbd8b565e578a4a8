// What ECharts draws in the benches, in Node and in a browser.

/** A line over the first column for each of the others, the rows as ECharts' data set. */
export function lines({ meta, data }, sampling) {
  const [time, ...values] = meta.map(({ name }) => name);
  return {
    animation: false,
    dataset: { source: data },
    legend: {},
    xAxis: { type: 'time' },
    yAxis: { type: 'value' },
    // As in Tinybird Charts: no symbol on each point.
    series: values.map((name) => ({
      type: 'line',
      name,
      showSymbol: false,
      sampling,
      encode: { x: time, y: name },
    })),
  };
}
