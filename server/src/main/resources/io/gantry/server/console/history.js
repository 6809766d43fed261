// What happened in the last minutes: the daemon counts, and what it counted between two answers is
// a point of a chart. Begins when the page is opened.

import { onAnswer } from './state.js';

const POINTS = 200;

/** What is counted for all volumes, and for one. */
export const ALL = 'all';
export const ofVolume = (lun) => `volume ${lun}`;

/** Points of time, oldest first: {at, ...rates}; one list for each thing that is counted. */
const histories = new Map();
let last = null;

export const history = (name) => histories.get(name) ?? [];

onAnswer((path, answer) => {
  if (path === null) {
    histories.clear();
    last = null;
  } else if (path === 'statistics' && Array.isArray(answer.volumes)) {
    add(answer);
  }
});

function add(now) {
  const seconds = last === null ? 0 : (now.uptimeMicros - last.uptimeMicros) / 1e6;
  if (seconds > 0 && now.started === last.started) {
    const at = Date.parse(now.time);
    push(ALL, { at, ...rates(last.total, now.total, now, seconds) });
    const before = new Map(last.volumes.map(({ lun, io }) => [lun, io]));
    for (const { lun, io } of now.volumes) {
      if (before.has(lun)) {
        push(ofVolume(lun), { at, ...rates(before.get(lun), io, now, seconds) });
      }
    }
  } else if (last !== null && now.started !== last.started) {
    histories.clear(); // another daemon: LUNs may be other volumes
  }
  last = now;
}

function push(name, point) {
  histories.set(name, [...history(name), point].slice(-POINTS));
}

/** Bytes and commands a second, and what half and 99 of 100 commands took at most, in s. */
function rates(before, now, { latencyBoundsMicros }, seconds) {
  const per = (kind, field) => (now[kind][field] - before[kind][field]) / seconds;
  const latency = (kind, part) =>
    percentile(now[kind].latencies.map((count, i) => count - before[kind].latencies[i]), latencyBoundsMicros, part);
  return {
    read: per('read', 'bytes'),
    write: per('write', 'bytes'),
    reads: per('read', 'operations'),
    writes: per('write', 'operations'),
    readHalf: latency('read', 0.5),
    readMost: latency('read', 0.99),
    writeHalf: latency('write', 0.5),
    writeMost: latency('write', 0.99),
  };
}

/** What a part of the commands did not exceed, taken to lie evenly within its bucket; null for none. */
function percentile(counts, boundsMicros, part) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) {
    return null;
  }
  let below = 0;
  for (let i = 0; i < boundsMicros.length; i++) {
    if (counts[i] > 0 && below + counts[i] >= part * all) {
      const lower = i === 0 ? 0 : boundsMicros[i - 1];
      return (lower + ((boundsMicros[i] - lower) * (part * all - below)) / counts[i]) / 1e6;
    }
    below += counts[i];
  }
  return boundsMicros.at(-1) / 1e6;
}
