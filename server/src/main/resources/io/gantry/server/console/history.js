// What happened lately, as the daemon remembers it: points of a chart. The first answer has all of
// them, each later one those that have come since.

import { call } from './api.js';
import { use } from './state.js';

const FINE_MINUTES = 5; // up to these, a point is a second, and ten beyond

const ALL = -1;

/** What is asked for to know some minutes of a volume, or of all. */
export const historyOf = (minutes, lun = ALL) => `statistics/history?minutes=${minutes}&lun=${lun}`;

/** Its points, {points, recorded}; undefined as long as there is no answer. */
export const useHistory = (query, minutes) =>
  use(query, minutes > FINE_MINUTES ? 5000 : 1000, (before) => more(query, minutes, before));

async function more(query, minutes, before) {
  const answer = await call('GET', `${query}&after=${before?.last ?? 0}`);
  if (before !== undefined && before.started !== answer.started) {
    return more(query, minutes, undefined); // another daemon, which counts from 1 again
  }
  const points = [...(before?.points ?? []), ...pointsOf(answer)];
  const oldest = (points.at(-1)?.at ?? 0) - minutes * 60_000;
  return {
    started: answer.started,
    last: answer.last,
    recorded: answer.recorded,
    points: points.filter(({ at }) => at > oldest),
  };
}

/** Oldest first: bytes and commands a second, and latencies in s, or null where nothing was done. */
function pointsOf(answer) {
  const latency = (micros) => (micros === 0 ? null : micros / 1e6);
  return answer.millis.map((at, i) => {
    const seconds = answer.micros[i] / 1e6;
    return {
      at,
      readBytes: answer.readBytes[i] / seconds,
      writeBytes: answer.writeBytes[i] / seconds,
      reads: answer.reads[i] / seconds,
      writes: answer.writes[i] / seconds,
      readMedian: latency(answer.readMedianMicros[i]),
      readHigh: latency(answer.readHighMicros[i]),
      writeMedian: latency(answer.writeMedianMicros[i]),
      writeHigh: latency(answer.writeHighMicros[i]),
    };
  });
}
