// Copies that go wrong on purpose, for who develops a host. Only administrators switch it on.

import { Component, h } from '/lib/preact.js';
import { Refusal, call, path } from './api.js';
import { Field, Form, check } from './dialog.js';
import { refresh, toast } from './state.js';
import { alert } from './widgets.js';

/** Fields of numbers: what it is called, how it is read, and what it does. */
const NUMBERS = [
  { key: 'truncateBlocks', label: 'Copies end after', unit: 'blocks', most: Number.MAX_SAFE_INTEGER, base: 10 },
  { key: 'loseAnswers', label: 'Answers that get lost', unit: 'of RECEIVE ROD TOKEN INFORMATION; the results stay', most: 2 ** 31 - 1, base: 10 },
  { key: 'status', label: 'Status that is told', unit: 'as COPY OPERATION STATUS, two hexadecimal digits, 00 to 7F', most: 0x7f, base: 16 },
  { key: 'delayMillis', label: 'Commands take longer by', unit: 'ms, up to an hour', most: 3_600_000, base: 10 },
];

/** A number that was typed: null for nothing, undefined for what is none. */
function read(text, { base, most }) {
  const typed = text.trim();
  if (typed === '') {
    return null;
  }
  const value = (base === 16 ? /^[0-9a-f]{1,2}$/i : /^\d{1,16}$/).test(typed) ? parseInt(typed, base) : NaN;
  return value <= most ? value : undefined;
}

/** What is on now, as it is typed; a number that stands for nothing is left out. */
function write(value, { key, base }) {
  const isOff = value === null || (value === 0 && (key === 'loseAnswers' || key === 'delayMillis'));
  return isOff ? '' : value.toString(base).toUpperCase().padStart(base === 16 ? 2 : 1, '0');
}

/** Props: volume. */
export class SetFaults extends Component {
  render({ volume }, { faults, refusal }) {
    const numbers = faults && NUMBERS.map((field) => ({ ...field, text: faults[field.key], value: read(faults[field.key], field) }));
    const some = faults && (faults.expireTokens || numbers.some(({ text }) => text !== ''));
    return h(
      Form,
      {
        title: `Faults of ${volume}`,
        submit: 'Switch on',
        danger: true,
        ready: Boolean(some) && numbers.every(({ value }) => value !== undefined),
        send: async () => {
          await call('PUT', path`volumes/${volume}/faults`, {
            expireTokens: faults.expireTokens,
            ...Object.fromEntries(numbers.map(({ key, value }) => [key, value])),
          });
          toast(`Copies of ${volume} go wrong on purpose`);
          refresh('volumes', 'pool');
        },
      },
      h('p', null, 'For who develops a host: makes copies of this volume fail as they rarely do by themselves. It ends when it is switched off, or the daemon stops.'),
      refusal && alert('error', refusal),
      faults && check('Tokens of it are expired when they are used', faults.expireTokens, (on) => this.set('expireTokens', on)),
      numbers?.map(({ key, label, unit, text, value }) =>
        h(Field, { key, label, name: key, value: text, inputMode: key === 'status' ? 'text' : 'numeric', problem: value === undefined ? `That is none: ${unit}.` : null, hint: unit, input: (typed) => this.set(key, typed) }),
      ),
    );
  }

  set(key, value) {
    this.setState(({ faults }) => ({ faults: { ...faults, [key]: value } }));
  }

  async componentDidMount() {
    try {
      const now = await call('GET', path`volumes/${this.props.volume}/faults`);
      this.setState({
        faults: { expireTokens: now.expireTokens, ...Object.fromEntries(NUMBERS.map((field) => [field.key, write(now[field.key], field)])) },
      });
    } catch (e) {
      if (!(e instanceof Refusal)) {
        throw e;
      }
      this.setState({ refusal: e.message });
    }
  }
}

/** Props: volume, faults. */
export const ClearFaults = ({ volume, faults }) =>
  h(
    Form,
    {
      title: `Faults of ${volume}`,
      submit: 'Switch off',
      send: async () => {
        await call('DELETE', path`volumes/${volume}/faults`);
        toast(`Nothing goes wrong with ${volume} on purpose any more`);
        refresh('volumes', 'pool');
      },
    },
    h('p', null, `Goes wrong on purpose now: ${faults}.`),
  );
