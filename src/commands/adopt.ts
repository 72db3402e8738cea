import { CommandFailed, failureOf } from '../apply/failure.ts';
import { acquireLock } from '../apply/lock.ts';
import { ExitCode, UserError } from '../errors.ts';
import { changeVolumeTags, deactivate, skipActivation } from '../lvm/commands.ts';
import type { Inventory, Volume } from '../lvm/inventory.ts';
import { readState } from '../lvm/read-state.ts';
import { runCommand } from '../lvm/spawn.ts';
import { inventoryOf } from '../lvm/state-file.ts';
import { isOwned, OWNED, ourDetails, tagValue } from '../lvm/tags.ts';
import { identityTags, stateTags } from '../plan/ownership.ts';
import type { Io } from './io.ts';
import { patiently } from './patiently.ts';

/** Takes an existing volume over as the backup volume of a source. It is incomplete until the next copy. */
export async function adopt(path: string, options: { readonly source: string }, io: Io): Promise<ExitCode> {
  const lock = acquireLock(process.argv.slice(2), new Date());
  try {
    const state = await readState({ run: patiently(io), now: new Date(), devices: [] });
    const inventory = inventoryOf(state);
    const volume = volumeOf(inventory, path, 'volume');
    const source = volumeOf(inventory, options.source, 'source');
    refuseUnfit(volume, source, path);
    const identity = {
      source: options.source,
      sourceId: `${inventory.groups.get(source.group)?.uuid}/${source.uuid}`,
      host: state.host,
      size: source.size,
    };
    const ours = volume.tags.filter((tag) => isOwned([tag]) || ourDetails([tag]).length > 0);
    const wanted = [OWNED, ...identityTags(identity), ...stateTags({ state: 'incomplete' })];
    for (const argv of changeVolumeTags(path, ours, wanted)) await run(argv);
    await run(skipActivation(path));
    if (volume.active) await run(deactivate(path));
    io.out(`${path} is the backup volume of ${options.source} now; the next apply fills it.\n`);
    return ExitCode.done;
  } finally {
    lock.release();
  }
}

function volumeOf(inventory: Inventory, path: string, what: string): Volume {
  const [group = '', name = ''] = path.split('/');
  const volume = inventory.groups.get(group)?.volumes.get(name);
  if (volume) return volume;
  throw new UserError(ExitCode.badInput, `there is no ${what} ${path}`, 'write it as VG/LV; see `lvs`');
}

/** What may not be taken over: nothing has been changed then. */
function refuseUnfit(volume: Volume, source: Volume, path: string): void {
  const refuse = (message: string, hint: string) => {
    throw new UserError(ExitCode.refused, `${message}. Nothing was changed`, hint);
  };
  if (volume.uuid === source.uuid) refuse(`${path} cannot be the backup of itself`, 'name another volume');
  if (volume.open) refuse(`target-in-use: ${path} is open or mounted`, 'unmount it first');
  if (
    volume.hidden ||
    volume.roles.includes('snapshot') ||
    volume.roles.includes('origin') ||
    volume.layout.includes('pool')
  ) {
    refuse(`${path} is no plain volume (${volume.roles.join(', ')})`, 'name a volume of its own');
  }
  if (tagValue(volume.tags, 'run') !== null || tagValue(volume.tags, 'base') !== null) {
    refuse(`${path} is a snapshot of a run of lvmbackup`, 'name another volume');
  }
}

async function run(argv: readonly string[]): Promise<void> {
  const result = await runCommand(argv);
  if (result.exitCode === 0) return;
  const failure = failureOf(new CommandFailed(result));
  throw new UserError(ExitCode.failed, [failure.message, ...failure.details].join('; '));
}
