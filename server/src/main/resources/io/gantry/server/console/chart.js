// A chart of the last minutes, as SVG: style sheets give it its colours, so a change of theme needs
// no drawing. Rates and latencies; a line for each series, and under the pointer, or the arrow keys,
// what they were at an instant.

import { Component, h } from '/lib/preact.js';

const HEIGHT = 150;
const LEFT = 72;
const BOTTOM = 20;
const TOP = 8;
const RIGHT = 8;
const GRID_LINES = 3;

/** The span of the axis of time: points come from the right. */
const SPAN_MILLIS = 5 * 60_000;

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/**
 * Props: label; points, [{at, ...values}]; series, [{key, name, kind}]; format, of a value; binary,
 * whether values are bytes.
 */
export class Chart extends Component {
  render({ label, points, series, format, binary }, { width = 600, cursor = null }) {
    const now = points.at(-1)?.at ?? Date.now();
    const shown = points.filter((point) => point.at >= now - SPAN_MILLIS);
    const values = shown.flatMap((point) => series.map(({ key }) => point[key]).filter((value) => value !== null));
    const step = niceStep(Math.max(...values, binary ? 1024 : 1e-5), binary);
    const top = step * GRID_LINES;
    const x = (at) => LEFT + (width - LEFT - RIGHT) * (1 - (now - at) / SPAN_MILLIS);
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
    const at = cursor === null ? shown.length - 1 : Math.min(cursor, shown.length - 1);
    const point = shown[at];
    this.shown = shown;
    this.x = x;
    return h(
      'div',
      { class: 'chart' },
      h(
        'div',
        { class: 'chart-legend' },
        series.map(({ key, name, kind }) =>
          h('span', { class: `key ${kind}` }, h('i', null), name, h('b', null, point === undefined || point[key] === null ? '–' : format(point[key]))),
        ),
        h('span', { class: 'chart-time' }, cursor === null || point === undefined ? 'now' : CLOCK.format(point.at)),
      ),
      h(
        'svg',
        {
          ref: (svg) => (this.svg = svg),
          viewBox: `0 0 ${width} ${HEIGHT}`,
          height: HEIGHT,
          role: 'img',
          tabIndex: 0,
          'aria-label': `${label}: ${describe(point, series, format)}`,
          onPointerMove: (e) => this.point(e),
          onPointerLeave: () => this.setState({ cursor: null }),
          onBlur: () => this.setState({ cursor: null }),
          onKeyDown: (e) => this.key(e, at),
        },
        Array.from({ length: GRID_LINES + 1 }, (_, i) => [
          h('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(i * step), y2: y(i * step) }),
          h('text', { class: 'tick', x: LEFT - 8, y: y(i * step) + 4, 'text-anchor': 'end' }, i === 0 ? '0' : format(i * step)),
        ]),
        (width < 420 ? [4, 2, 0] : [5, 4, 3, 2, 1, 0]).map((minutes) =>
          h(
            'text',
            { class: 'tick', x: x(now - minutes * 60_000), y: HEIGHT - 4, 'text-anchor': minutes === 0 ? 'end' : minutes === 5 ? 'start' : 'middle' },
            minutes === 0 ? 'now' : `−${minutes} min`,
          ),
        ),
        series.map(({ key, kind }) => line(shown, key, kind, x, y)),
        cursor !== null && point && h('line', { class: 'cursor', x1: x(point.at), x2: x(point.at), y1: TOP, y2: HEIGHT - BOTTOM }),
        cursor !== null &&
          point &&
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
    const at = event.clientX - this.svg.getBoundingClientRect().left;
    let nearest = null;
    this.shown.forEach((point, i) => {
      if (nearest === null || Math.abs(this.x(point.at) - at) < Math.abs(this.x(this.shown[nearest].at) - at)) {
        nearest = i;
      }
    });
    this.setState({ cursor: nearest });
  }

  key(event, at) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined && this.shown.length > 0) {
      event.preventDefault();
      this.setState({ cursor: Math.min(this.shown.length - 1, Math.max(0, at + step)) });
    }
  }
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
      run.push(`${x(point.at).toFixed(1)} ${y(point[key]).toFixed(1)}`);
    }
  }
  return runs.map((places) => {
    const first = places[0].split(' ')[0];
    const last = places.at(-1).split(' ')[0];
    return [
      h('path', { class: `area ${kind}`, d: `M${places.join('L')}L${last} ${y(0)}L${first} ${y(0)}Z` }),
      h('path', { class: `line ${kind}`, d: `M${places.join('L')}` }),
    ];
  });
}

const describe = (point, series, format) =>
  point === undefined
    ? 'nothing yet'
    : series.map(({ key, name }) => `${name} ${point[key] === null ? 'nothing' : format(point[key])}`).join(', ');

/** 1, 2 or 5 times a power of ten, or a power of two for bytes, so that the lines reach the most. */
function niceStep(most, binary) {
  const least = most / GRID_LINES;
  if (binary) {
    return 2 ** Math.ceil(Math.log2(least));
  }
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9));
}
