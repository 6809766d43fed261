// What can be done, each in a dialog that says what it will do; and what is lost, before it is.

import { Component, h } from '/lib/preact.js';
import { call, path } from './api.js';
import { Confirm, Field, Form, check, nameProblem } from './dialog.js';
import * as format from './format.js';
import { go, refresh, toast } from './state.js';

const BLOCKS = [
  ['512', '512 bytes'],
  ['512e', '512 bytes, physical 4096 (512e)'],
  ['4096', '4096 bytes (4Kn)'],
];

/** What is wrong with a size, or null. */
function sizeProblem(text, blockBytes) {
  const size = format.parseSize(text);
  if (text.trim() === '') {
    return null;
  }
  if (size === null) {
    return 'A number, or one with a unit: 4096, 512M, 40G, 2T.';
  }
  return size === 0 || size % blockBytes !== 0 ? `A multiple of ${blockBytes} bytes.` : null;
}

const sizeHint = (text) => {
  const size = format.parseSize(text);
  return size === null ? 'Units are powers of 1024: 512M, 40G, 2T.' : `${format.bytes(size)}, ${format.count(size)} bytes`;
};

/** Props: taken, names that there are. */
export class CreateVolume extends Component {
  render({ taken }, { name = '', size = '', blocks = '512' }) {
    const blockBytes = blocks === '4096' ? 4096 : 512;
    const problem = nameProblem(name, taken);
    const wrong = sizeProblem(size, blockBytes);
    return h(
      Form,
      {
        title: 'New volume',
        submit: 'Create volume',
        ready: name !== '' && size.trim() !== '' && !problem && !wrong,
        send: async () => {
          const request = { name, sizeBytes: format.parseSize(size), blockBytes };
          if (blocks === '512e') {
            request.physicalBlockBytes = 4096;
          }
          await call('POST', 'volumes', request);
          toast(`Volume ${name} is there`);
          refresh('volumes', 'pool');
          go('volumes', name);
        },
      },
      h(Field, { label: 'Name', name: 'name', value: name, problem, hint: 'Unique in the pool; it can be changed later.', input: (text) => this.setState({ name: text }) }),
      h(Field, { label: 'Size', name: 'size', value: size, problem: wrong, hint: sizeHint(size), placeholder: '40G', input: (text) => this.setState({ size: text }) }),
      h(Field, { label: 'Blocks', name: 'blocks', value: blocks, options: BLOCKS, hint: 'What initiators see, for ever. 512 bytes suit every system.', input: (text) => this.setState({ blocks: text }) }),
      h('p', { class: 'aside' }, 'The volume is thin: it takes space of the pool as it is written.'),
    );
  }
}

/** Props: volume. Grows, or cuts off if that is asked for. */
export class Resize extends Component {
  render({ volume }, { size = format.writeSize(volume.sizeBytes), force = false }) {
    const wanted = format.parseSize(size);
    const wrong = sizeProblem(size, volume.blockBytes);
    const smaller = wanted !== null && wanted < volume.sizeBytes;
    return h(
      Form,
      {
        title: `Resize ${volume.name}`,
        submit: smaller ? 'Shrink' : 'Grow',
        danger: smaller,
        ready: !wrong && wanted !== null && wanted !== volume.sizeBytes && (!smaller || force),
        send: async () => {
          await call('PATCH', path`volumes/${volume.name}`, { sizeBytes: wanted, force });
          toast(`${volume.name} has ${format.bytes(wanted)} now`);
          refresh('volumes', 'pool');
        },
      },
      h(Field, { label: 'New size', name: 'size', value: size, problem: wrong, hint: sizeHint(size), input: (text) => this.setState({ size: text }) }),
      smaller &&
        check(`Cut off the last ${format.bytes(volume.sizeBytes - wanted)}, whatever is there. It is lost.`, force, (on) => this.setState({ force: on })),
      h('p', { class: 'aside' }, `It has ${format.bytes(volume.sizeBytes)} now. Initiators are told of the new size; partitions and file systems are theirs to grow.`),
    );
  }
}

/** Props: volume, taken. */
export class Rename extends Component {
  render({ volume, taken }, { name = volume.name }) {
    const problem = name === volume.name ? null : nameProblem(name, taken);
    return h(
      Form,
      {
        title: `Rename ${volume.name}`,
        submit: 'Rename',
        ready: name !== '' && name !== volume.name && !problem,
        send: async () => {
          await call('PATCH', path`volumes/${volume.name}`, { name });
          toast(`${volume.name} is ${name} now`);
          go('volumes', name);
          refresh('volumes');
        },
      },
      h(Field, { label: 'New name', name: 'name', value: name, problem, hint: 'Its LUN and URL stay. Access rules follow names.', input: (text) => this.setState({ name: text }) }),
    );
  }
}

const now = () => format.time(new Date().toISOString()).replace(' ', '-').replace(/:/g, '').slice(0, -2);

/** Props: volume. */
export class CreateSnapshot extends Component {
  constructor(props) {
    super(props);
    this.state = { name: now() };
  }

  render({ volume }, { name }) {
    const problem = nameProblem(name);
    return h(
      Form,
      {
        title: `Snapshot of ${volume}`,
        submit: 'Take snapshot',
        ready: name !== '' && !problem,
        send: async () => {
          await call('POST', path`volumes/${volume}/snapshots`, { name });
          toast(`Snapshot ${volume}@${name} is there`);
          refresh('volumes', 'pool');
        },
      },
      h(Field, { label: 'Name', name: 'name', value: name, problem, hint: 'Unique among the snapshots of this volume.', input: (text) => this.setState({ name: text }) }),
      h('p', { class: 'aside' }, 'It takes no time, and space only for what is written over later.'),
    );
  }
}

/** Props: volume, snapshot (its name, or undefined for the volume as it is), taken. */
export class Clone extends Component {
  render({ volume, snapshot, taken }, { name = '' }) {
    const problem = nameProblem(name, taken);
    const source = snapshot === undefined ? volume : `${volume}@${snapshot}`;
    return h(
      Form,
      {
        title: `Clone ${source}`,
        submit: 'Clone',
        ready: name !== '' && !problem,
        send: async () => {
          await call('POST', path`volumes/${volume}/clones`, snapshot === undefined ? { name } : { name, snapshot });
          toast(`Volume ${name} is there`);
          refresh('volumes', 'pool');
          go('volumes', name);
        },
      },
      h(Field, { label: 'Name of the clone', name: 'name', value: name, problem, hint: 'A volume of its own, which can be written.', input: (text) => this.setState({ name: text }) }),
      h('p', { class: 'aside' }, snapshot === undefined ? `It begins with what ${volume} holds at this instant, and shares it.` : `It begins with what the snapshot holds, and shares it.`),
    );
  }
}

/** Props: volume (as the daemon shows it), snapshots (how many). */
export const DeleteVolume = ({ volume, snapshots }) =>
  h(
    Confirm,
    {
      title: `Delete ${volume.name}`,
      submit: 'Delete volume',
      word: volume.name,
      send: async () => {
        await call('DELETE', path`volumes/${volume.name}`);
        toast(`Volume ${volume.name} is gone`);
        go('volumes');
        refresh('volumes', 'pool');
      },
    },
    h('p', null, 'What is on ', h('strong', null, volume.name), ` (LUN ${volume.lun}, ${format.bytes(volume.sizeBytes)}) is lost, and cannot be brought back:`),
    h(
      'ul',
      null,
      h('li', null, h('strong', null, format.bytes(volume.uniqueBytes)), ' that nothing else has; the pool gets this space back'),
      h('li', null, h('strong', null, format.bytes(volume.mappedBytes - volume.uniqueBytes)), ' that others share, and keep'),
      snapshots > 0 && h('li', null, `Its ${format.plural(snapshots, 'snapshot')} must be deleted first`),
    ),
    h('p', null, 'Initiators that use it get errors.'),
  );

/** Props: snapshot. */
export const DeleteSnapshot = ({ snapshot }) =>
  h(
    Confirm,
    {
      title: `Delete ${snapshot.volume}@${snapshot.name}`,
      submit: 'Delete snapshot',
      word: snapshot.name,
      send: async () => {
        await call('DELETE', path`volumes/${snapshot.volume}/snapshots/${snapshot.name}`);
        toast(`Snapshot ${snapshot.volume}@${snapshot.name} is gone`);
        refresh('volumes', 'pool');
      },
    },
    h('p', null, 'What ', h('strong', null, snapshot.volume), ` held at ${format.time(snapshot.created)} is lost, as far as nothing else has it: `, h('strong', null, format.bytes(snapshot.uniqueBytes)), '. The volume and its clones stay as they are.'),
  );

/** Props: snapshot. */
export const RollBack = ({ snapshot }) =>
  h(
    Confirm,
    {
      title: `Roll ${snapshot.volume} back`,
      submit: 'Roll back',
      word: snapshot.volume,
      send: async () => {
        await call('POST', path`volumes/${snapshot.volume}/snapshots/${snapshot.name}/rollback`);
        toast(`${snapshot.volume} is as it was at ${format.time(snapshot.created)}`);
        refresh('volumes', 'pool');
      },
    },
    h('p', null, 'Everything written to ', h('strong', null, snapshot.volume), ' since ', h('strong', null, format.time(snapshot.created)), ' is lost, unless another snapshot has it. It becomes what ', h('strong', null, `${snapshot.volume}@${snapshot.name}`), ' holds.'),
    h('p', null, 'Unmount it everywhere first: a host that has it mounted does not expect other contents.'),
  );

/** Props: volume, on. */
export const Protect = ({ volume, on }) =>
  h(
    Form,
    {
      title: on ? `Make ${volume} read-only` : `Let ${volume} be written`,
      submit: on ? 'Make read-only' : 'Allow writing',
      send: async () => {
        await call('PATCH', path`volumes/${volume}`, { readOnly: on });
        toast(on ? `${volume} is read-only` : `${volume} can be written`);
        refresh('volumes');
      },
    },
    h('p', null, on ? 'Writes are refused from now on, those of hosts that have it mounted, too.' : 'Whoever has access may write it from now on.'),
  );

/** Props: token. */
export const RevokeToken = ({ token }) =>
  h(
    Confirm,
    {
      title: 'Revoke token',
      submit: 'Revoke token',
      send: async () => {
        await call('DELETE', path`tokens/${token.id}`);
        toast(`Token ${token.id} is revoked`);
        refresh('tokens', 'pool');
      },
    },
    h('p', null, 'Token ', h('code', null, token.id), ` stands for ${format.bytes(token.lengthBytes)} of ${token.volume === '' ? 'a volume that is gone' : token.volume}. Who copies from it is refused from now on; most hosts then read and write instead.`),
    h('p', null, 'The pool gets back what only it keeps: ', h('strong', null, format.bytes(token.uniqueBytes)), '.'),
  );

/** Props: copy. */
export const CancelCopy = ({ copy }) =>
  h(
    Confirm,
    {
      title: `Cancel copy ${copy.id}`,
      submit: 'Cancel copy',
      send: async () => {
        await call('DELETE', path`copies/${String(copy.id)}`);
        toast(`Copy ${copy.id} is cancelled`);
        refresh('copies');
      },
    },
    h('p', null, 'It stops at a block. What is copied stays, and ', h('code', null, copy.initiator), ' is told how much that is.'),
  );

/** Props: session. */
export const DropSession = ({ session }) =>
  h(
    Confirm,
    {
      title: 'Drop session',
      submit: 'Drop session',
      send: async () => {
        await call('DELETE', path`sessions/${String(session.id)}`);
        toast(`Session ${session.id} is dropped`);
        refresh('sessions');
      },
    },
    h('p', null, 'The connections of ', h('code', null, session.initiator), ` from ${session.address} are closed. Commands that run are lost to it. Most initiators log in again at once, unless access rules have changed.`),
  );
