// How much was read and written lately, and how long it took: of a volume, or of all.

import { h } from '/lib/preact.js';
import { Chart } from './chart.js';
import * as format from './format.js';
import { historyOf, useHistory } from './history.js';
import { changed, failure } from './state.js';
import { card, choice, waiting } from './widgets.js';

const SPANS = [
  [5, '5 min'],
  [60, '1 h'],
];

const AMOUNTS = {
  bytes: { label: 'Throughput', series: ['readBytes', 'writeBytes'], format: format.rate, binary: true },
  commands: { label: 'Commands', series: ['reads', 'writes'], format: format.perSecond },
};

const LATENCIES = {
  high: { label: 'Latency that 99 of 100 commands did not exceed', series: ['readHigh', 'writeHigh'], format: format.latency },
  median: { label: 'Latency that half of the commands did not exceed', series: ['readMedian', 'writeMedian'], format: format.latency },
};

/** What is looked at stays so from section to section. */
const chosen = { minutes: 5, amount: 'bytes', latency: 'high' };

const set = (name) => (value) => {
  chosen[name] = value;
  changed();
};

export function activity(lun) {
  const { minutes } = chosen;
  const query = historyOf(minutes, lun);
  const known = useHistory(query, minutes);
  return card(
    'Activity',
    { class: 'activity', aside: choice('How far back', SPANS, minutes, set('minutes')) },
    known === undefined && failure(query) !== null
      ? waiting(failure(query))
      : known?.recorded === false
        ? h('p', { class: 'note' }, 'Not recorded: too many other volumes are busy. What all do together is on the overview.')
        : h(
            'div',
            { class: 'pair' },
            one('Throughput', AMOUNTS, 'amount', [['bytes', 'Bytes'], ['commands', 'Commands']], known, minutes),
            one('Latency', LATENCIES, 'latency', [['high', '99%'], ['median', 'Median']], known, minutes),
          ),
  );
}

function one(title, kinds, name, options, known, minutes) {
  const { label, series, ...rest } = kinds[chosen[name]];
  const [read, write] = series;
  return h(
    'section',
    { 'aria-label': title },
    h('div', { class: 'chart-head' }, h('h3', null, title), choice(`${title} as`, options, chosen[name], set(name))),
    h(Chart, {
      label,
      minutes,
      points: known?.points ?? [],
      isKnown: known !== undefined,
      series: [
        { key: read, name: 'Read', kind: 'read' },
        { key: write, name: 'Write', kind: 'write' },
      ],
      ...rest,
    }),
  );
}
