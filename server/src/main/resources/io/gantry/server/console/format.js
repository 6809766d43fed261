// Numbers and times for people, as the command line writes them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Three digits and a binary unit: "1.50 GiB". */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${digits(value, unit === 0)} ${UNITS[unit]}`;
}

export const rate = (bytesPerSecond) => `${bytes(bytesPerSecond)}/s`;

export const perSecond = (value) => `${value < 10 && !Number.isInteger(value) ? digits(value, false) : count(value)}/s`;

function digits(value, whole) {
  if (whole || value >= 100) {
    return String(Math.round(value));
  }
  return value.toFixed(value >= 10 ? 1 : 2);
}

export const count = (value) => Math.round(value).toLocaleString('en-US');

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

export function percent(part, whole) {
  const value = whole === 0 ? 0 : (100 * part) / whole;
  return value > 0 && value < 1 ? '<1%' : `${Math.round(value)}%`;
}

/** Microseconds and up: "140 µs", "2.30 ms". */
export function latency(seconds) {
  if (seconds < 1e-3) {
    return `${digits(seconds * 1e6, false)} µs`;
  }
  return seconds < 1 ? `${digits(seconds * 1e3, false)} ms` : `${digits(seconds, false)} s`;
}

/** Two units at most: "4 min 12 s". */
export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) {
    return `${s} s`;
  }
  if (s < 3600) {
    return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  }
  if (s < 86400) {
    return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
  }
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function ago(iso, now = Date.now()) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 5) {
    return 'just now';
  }
  return `${duration(seconds).replace(/ \d+ s$/, '')} ago`;
}

const WITH_DATE = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });

/** Local time, year first: "2026-11-21 19:35:02". */
export const time = (iso) => WITH_DATE.format(new Date(iso));

const FACTORS = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** What a person wrote for a size: 4096, 512M, 1.5T; null if it is none. */
export function parseSize(text) {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?\s*$/i.exec(text);
  if (match === null) {
    return null;
  }
  const value = Number(match[1]) * FACTORS[match[2].toLowerCase()];
  return Number.isInteger(value) && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** A size as a person would write it: 40G. */
export function writeSize(value) {
  for (const unit of ['p', 't', 'g', 'm', 'k']) {
    if (value >= FACTORS[unit] && value % FACTORS[unit] === 0) {
      return `${value / FACTORS[unit]}${unit.toUpperCase()}`;
    }
  }
  return String(value);
}
