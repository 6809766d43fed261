// The two charts of whatever is counted: how much, and how long it took.

import { h } from '/lib/preact.js';
import { Chart } from './chart.js';
import * as format from './format.js';
import { card } from './widgets.js';

/** Points as history.js has them. */
export const charts = (points) =>
  h(
    'div',
    { class: 'pair' },
    card(
      'Throughput',
      { aside: h('span', { class: 'note' }, operations(points.at(-1))) },
      h(Chart, {
        label: 'Throughput',
        points,
        binary: true,
        format: format.rate,
        series: [
          { key: 'read', name: 'Read', kind: 'read' },
          { key: 'write', name: 'Write', kind: 'write' },
        ],
      }),
    ),
    card(
      'Latency',
      { aside: h('span', { class: 'note' }, '99 of 100 commands took at most') },
      h(Chart, {
        label: 'Latency, which 99 of 100 commands did not exceed',
        points,
        format: format.latency,
        series: [
          { key: 'readMost', name: 'Read', kind: 'read' },
          { key: 'writeMost', name: 'Write', kind: 'write' },
        ],
      }),
    ),
  );

const operations = (point) =>
  point === undefined ? '' : `${format.count(point.reads)} reads/s, ${format.count(point.writes)} writes/s`;
