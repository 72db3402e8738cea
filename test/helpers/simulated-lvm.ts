/**
 * An LVM for tests of the runner: the planner's own model, moved by the commands that the runner gives. The command
 * that makes or ends a thing performs its action on the model; what comes before and after it (announcing, labels,
 * tags) is done here, so that an action can also stop half-way.
 */
import type { RunContext } from '../../src/apply/context.ts';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { compactTime } from '../../src/apply/placeholders.ts';
import type { CopyResult } from '../../src/copy/copy.ts';
import type { Inventory, Volume } from '../../src/lvm/inventory.ts';
import type { Action, ActionId, PlannedPv } from '../../src/plan/action.ts';
import type { Fault } from '../../src/plan/fault.ts';
import { Model, renameTaken, splitPath } from '../../src/plan/model.ts';
import { perform } from '../../src/plan/simulate.ts';
import { bytes, extents } from '../../src/units.ts';
import { CLOCK } from './specs.ts';

/** Where a run is disturbed: at the nth command of an action (its copy counts as one). */
export interface Disturbance {
  readonly action: ActionId;
  readonly command: number;
  /**
   * The command does nothing and fails, does its work and fails all the same, it and all that follow it in the action
   * fail (also when tried again), or a signal comes during it.
   */
  readonly how: 'fails' | 'fails late' | 'fails for good' | 'signal';
}

/** What every copy on it comes to. */
export const COPIED: CopyResult = {
  ...{ mode: 'full', reason: 'everything was to be copied', digest: 'sha256-256KiB:0', seconds: 1 },
  ...{ bytesRead: { source: bytes(0), target: bytes(0) }, bytesWritten: bytes(0), bytesSkipped: bytes(0) },
  ...{ verified: { level: 'none', against: null, bytes: bytes(0) }, unreadable: [] },
};

export const RUN = compactTime(CLOCK);

export class SimulatedLvm {
  readonly events: ApplyEvent[] = [];
  /** Every command by its action. */
  readonly commands: { readonly action: ActionId; readonly argv: readonly string[] }[] = [];
  readonly #model: Model;
  readonly #stop = new AbortController();
  readonly #disturbance: Disturbance | null;
  #action: Action | null = null;
  #command = 0;
  #disturbed = false;

  constructor(inventory: Inventory, disturbance: Disturbance | null = null) {
    this.#model = new Model(inventory);
    this.#disturbance = disturbance;
  }

  /** Whether the disturbance came to pass: an action may have fewer commands. */
  get disturbed(): boolean {
    return this.#disturbed;
  }

  inventory(): Inventory {
    return this.#model.inventory();
  }

  context(traits: Partial<RunContext> = {}): RunContext {
    return {
      run: async (argv) => {
        const result = { argv, signal: null, stdout: '' };
        const fails = this.#next(argv);
        if (fails === 'fails') return { ...result, exitCode: 5, stderr: '  it fails\n' };
        const fault = this.#perform(argv);
        if (fault) return { ...result, exitCode: 5, stderr: `  ${JSON.stringify(fault)}\n` };
        return fails
          ? { ...result, exitCode: 5, stderr: '  it fails late\n' }
          : { ...result, exitCode: 0, stderr: '' };
      },
      readInventory: async () => this.inventory(),
      copy: async ({ from, to }, { signal, onTouch }) => {
        const fails = this.#next(['copy', from, to]);
        onTouch();
        if (fails) throw new Error('input/output error');
        signal.throwIfAborted();
        return COPIED;
      },
      check: async ({ volume, digest }) => {
        const fails = this.#next(['check', volume]);
        return { digest: fails ? 'sha256-256KiB:1' : digest, unreadable: [] };
      },
      holdStill: async () => ({ release: async () => {} }),
      runHook: async ({ argv }) => {
        const fails = this.#next(argv);
        return { end: { kind: 'exited', exitCode: fails ? 1 : 0 }, lastLines: fails ? ['it fails'] : [] };
      },
      now: () => CLOCK,
      onEvent: (event) => {
        this.events.push(event);
        if (event.type !== 'action.start') return;
        this.#action = event.action;
        this.#command = 0;
      },
      stop: this.#stop.signal,
      ...traits,
    };
  }

  #next(argv: readonly string[]): false | 'fails' | 'fails late' {
    const action = this.#action?.id ?? 0;
    this.commands.push({ action, argv });
    const at = this.#disturbance;
    const command = this.#command++;
    const isHere = at !== null && at.action === action && at.command <= command;
    if (!isHere || (at.command !== command && at.how !== 'fails for good')) return false;
    this.#disturbed = true;
    if (at.how === 'fails late') return 'fails late';
    if (at.how !== 'signal') return 'fails';
    this.#stop.abort('SIGTERM');
    return false;
  }

  #perform(argv: readonly string[]): Fault | null {
    const action = this.#action;
    if (action === null) throw new Error(`${argv.join(' ')} outside of an action`);
    switch (argv[0]) {
      case 'vgcreate':
      case 'vgextend':
      case 'lvcreate':
      case 'lvextend':
        return this.#whole(action);
      case 'lvremove':
        return action.type === 'snapshot.keep' ? this.#remove(argv.at(-1) ?? '') : this.#whole(action);
      case 'lvrename':
        return this.#rename(argv.at(-2) ?? '', argv.at(-1) ?? '');
      case 'vgreduce':
        return this.#reduce(action);
      case 'pvcreate':
        return this.#label(action, argv.at(-1) ?? '');
      case 'pvremove':
        if (action.type === 'group.reduce') this.#model.takeOrphan(action.pv.uuid);
        return null;
      case 'vgchange':
        return this.#tagGroup(argv);
      case 'lvchange':
        return this.#changeVolume(argv);
      case 'blkdiscard':
      case 'lvmdevices':
        return null;
    }
    throw new Error(`this LVM does not know ${argv.join(' ')}`);
  }

  #whole(action: Action): Fault | null {
    const fault = perform(this.#model, action);
    const group = this.#model.group(splitPath(`${action.target}/`)[0]);
    if (fault || !group) return fault;
    group.tags = [...new Set(group.tags)];
    for (const [name, volume] of group.volumes) {
      const tags = volume.tags.map((tag) => tag.replace('{run}', RUN));
      group.volumes.set(name, { ...volume, tags });
    }
    return null;
  }

  #remove(target: string): Fault | null {
    const nothing = { extents: extents(0), bytes: bytes(0), reason: '' };
    return perform(this.#model, { type: 'volume.remove', target, ...nothing });
  }

  #rename(from: string, to: string): Fault | null {
    const [groupName, name] = splitPath(from);
    const [, newName] = splitPath(to);
    const group = this.#model.group(groupName);
    const volume = group?.volumes.get(name);
    if (!group || !volume) return { code: 'missing', what: from };
    if (group.volumes.has(newName)) return { code: 'name-taken', what: to };
    group.volumes.delete(name);
    group.volumes.set(newName, { ...volume, name: newName });
    renameTaken(group, name, newName);
    return null;
  }

  /** The device leaves the group; it is an orphan until it is made blank, and the tags stay until the end. */
  #reduce(action: Action): Fault | null {
    if (action.type !== 'group.reduce') throw new Error('vgreduce closes loans only');
    const tags = this.#model.group(action.target)?.tags ?? [];
    const fault = perform(this.#model, { ...action, pv: { ...action.pv, make: false } });
    const group = this.#model.group(action.target);
    if (!fault && group) group.tags = tags;
    return fault;
  }

  #label(action: Action, device: string): null {
    const planned =
      action.type === 'group.create' ? action.pvs : action.type === 'group.extend' ? [action.pv] : [];
    const pv = planned.find((one) => one.device === device);
    if (!pv) throw new Error(`pvcreate of ${device}, which is not in the plan`);
    this.#model.addOrphan(orphan(pv));
    return null;
  }

  #tagGroup(argv: readonly string[]): Fault | null {
    const group = this.#model.group(argv.at(-1) ?? '');
    if (!group) return { code: 'missing', what: argv.at(-1) ?? '' };
    group.tags = changedTags(group.tags, argv);
    return null;
  }

  #changeVolume(argv: readonly string[]): Fault | null {
    const path = argv.at(-1) ?? '';
    const [groupName, name] = splitPath(path);
    const group = this.#model.group(groupName);
    const volume = group?.volumes.get(name);
    if (!group || !volume) return { code: 'missing', what: path };
    const traits: Partial<Volume> = {
      tags: changedTags(volume.tags, argv),
      active: argv.includes('-ay') || (volume.active && !argv.includes('-an')),
      skipActivation: volume.skipActivation || argv.includes('-ky'),
    };
    group.volumes.set(name, { ...volume, ...traits });
    return null;
  }
}

/** As LVM does it: what one command drops and adds is gone afterwards. */
function changedTags(tags: readonly string[], argv: readonly string[]): string[] {
  const after = (option: string) => argv.filter((_, index) => argv[index - 1] === option);
  const dropped = new Set(after('--deltag'));
  return [...new Set([...tags, ...after('--addtag')])].filter((tag) => !dropped.has(tag));
}

function orphan(pv: PlannedPv) {
  return {
    uuid: pv.uuid,
    device: pv.device,
    allocatable: false,
    deviceSize: pv.deviceSize,
    dataStart: pv.deviceSize,
    extents: extents(0),
    free: extents(0),
    freeSegments: [],
  };
}
