// A chart of the last minutes, as SVG: style sheets give it its colours, so a change of theme needs
// no drawing. Under the pointer, or with the arrow keys, it tells what was at an instant.

import { Component, h } from '/lib/preact.js';

const HEIGHT = 168;
const LEFT = 74;
const BOTTOM = 24;
const TOP = 8;
const RIGHT = 10;
const GRID_LINES = 3;
const NARROW = 400;

/** Where the axis of time has marks, in minutes before now: all of them, and where it is narrow. */
const MARKS = {
  5: [[5, 4, 3, 2, 1, 0], [4, 2, 0]],
  60: [[60, 45, 30, 15, 0], [60, 30, 0]],
};

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** How many points a key goes. */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

/**
 * Props: label; minutes, the span of the axis of time; points, [{at, ...values}], oldest first;
 * isKnown, whether they are known yet; series, [{key, name, kind}]; format, of a value; binary,
 * whether values are bytes.
 */
export class Chart extends Component {
  render({ label, minutes, points, isKnown, series, format, binary }, { width = 600, cursor = null }) {
    const span = minutes * 60_000;
    const now = points.at(-1)?.at ?? Date.now();
    const values = points.flatMap((point) => series.map(({ key }) => point[key])).filter((value) => value !== null);
    const step = niceStep(values.reduce((a, b) => Math.max(a, b), binary ? 1024 : 1e-5), binary);
    const x = (at) => LEFT + (width - LEFT - RIGHT) * (1 - (now - at) / span);
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / (step * GRID_LINES));
    const at = cursor === null ? points.length - 1 : nearest(points, cursor);
    const point = points[at];
    const isPast = cursor !== null && point !== undefined;
    this.points = points;
    this.at = at;
    this.timeAt = (place) => now - span * (1 - (place - LEFT) / (width - LEFT - RIGHT));
    return h(
      'div',
      { class: 'chart' },
      h(
        'div',
        { class: 'chart-legend' },
        series.map(({ key, name, kind }) => h('span', { class: `key ${kind}` }, h('i', null), name, h('b', null, value(point, key, format)))),
        h('span', { class: 'chart-time' }, isPast ? CLOCK.format(point.at) : isKnown ? 'now' : 'loading'),
      ),
      h(
        'svg',
        {
          ref: (svg) => (this.svg = svg),
          viewBox: `0 0 ${width} ${HEIGHT}`,
          height: HEIGHT,
          role: 'slider',
          tabIndex: 0,
          'aria-label': label,
          'aria-valuemin': 0,
          'aria-valuemax': Math.max(0, points.length - 1),
          'aria-valuenow': Math.max(0, at),
          'aria-valuetext': point === undefined ? 'nothing yet' : `${CLOCK.format(point.at)}: ${series.map(({ key, name }) => `${name} ${value(point, key, format)}`).join(', ')}`,
          onPointerDown: (e) => this.point(e),
          onPointerMove: (e) => this.point(e),
          onPointerLeave: () => this.setState({ cursor: null }),
          onBlur: () => this.setState({ cursor: null }),
          onKeyDown: (e) => this.key(e),
        },
        Array.from({ length: GRID_LINES + 1 }, (_, i) => [
          h('line', { class: i === 0 ? 'axis' : 'grid', x1: LEFT, x2: width - RIGHT, y1: y(i * step), y2: y(i * step) }),
          h('text', { class: 'tick', x: LEFT - 8, y: y(i * step) + 4, 'text-anchor': 'end' }, i === 0 ? '0' : format(i * step)),
        ]),
        MARKS[minutes][width < NARROW ? 1 : 0].map((before) => [
          h('line', { class: 'axis', x1: x(now - before * 60_000), x2: x(now - before * 60_000), y1: y(0), y2: y(0) + 4 }),
          h('text', { class: 'tick', x: x(now - before * 60_000), y: HEIGHT - 4, 'text-anchor': before === 0 ? 'end' : before === minutes ? 'start' : 'middle' }, before === 0 ? 'now' : `−${before} min`),
        ]),
        series.map(({ key, kind }) => line(points, key, kind, x, y)),
        isPast && h('line', { class: 'cursor', x1: x(point.at), x2: x(point.at), y1: TOP, y2: HEIGHT - BOTTOM }),
        isPast &&
          series.filter(({ key }) => point[key] !== null).map(({ key, kind }) => h('circle', { class: `dot ${kind}`, cx: x(point.at), cy: y(point[key]), r: 3 })),
      ),
    );
  }

  componentDidMount() {
    this.observer = new ResizeObserver(([entry]) => this.setState({ width: Math.max(240, Math.round(entry.contentRect.width)) }));
    this.observer.observe(this.svg.parentNode);
  }

  componentWillUnmount() {
    this.observer.disconnect();
  }

  point(event) {
    this.setState({ cursor: this.timeAt(event.clientX - this.svg.getBoundingClientRect().left) });
  }

  key(event) {
    const step = STEPS[event.key];
    if (step !== undefined && this.points.length > 0) {
      event.preventDefault();
      const to = Math.min(this.points.length - 1, Math.max(0, this.at + step));
      this.setState({ cursor: this.points[to].at });
    } else if (event.key === 'Escape') {
      this.setState({ cursor: null });
    }
  }
}

const value = (point, key, format) => (point === undefined || point[key] === null ? '–' : format(point[key]));

/** The number of the point whose time is closest; the cursor stays at an instant while time goes on. */
function nearest(points, time) {
  let best = 0;
  points.forEach(({ at }, i) => {
    if (Math.abs(at - time) < Math.abs(points[best].at - time)) {
      best = i;
    }
  });
  return best;
}

/** A line and what is under it, broken where there is no value. */
function line(points, key, kind, x, y) {
  const runs = [];
  let run = [];
  for (const point of points) {
    if (point[key] === null) {
      run = [];
    } else {
      if (run.length === 0) {
        runs.push(run);
      }
      run.push([x(point.at).toFixed(1), y(point[key]).toFixed(1)]);
    }
  }
  return runs.map((places) => {
    const path = places.map((place) => place.join(' ')).join('L');
    return [
      h('path', { class: `area ${kind}`, d: `M${path}L${places.at(-1)[0]} ${y(0)}L${places[0][0]} ${y(0)}Z` }),
      // A point without neighbours has no length; a round cap makes it a dot.
      places.length > 1 ? h('path', { class: `line ${kind}`, d: `M${path}` }) : h('path', { class: `line lone ${kind}`, d: `M${path}h0` }),
    ];
  });
}

/** 1, 2 or 5 times a power of ten, or a power of two for bytes, so that the lines reach the most. */
function niceStep(most, binary) {
  const least = most / GRID_LINES;
  if (binary) {
    return 2 ** Math.ceil(Math.log2(least));
  }
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9));
}
