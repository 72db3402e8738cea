/** The target of `lvmbackup copy`, looked at before anything is written: whether it is free, and what would be lost. */
import { closeSync, openSync, statSync, truncateSync } from 'node:fs';
import type { CopyError } from '../copy/copy-error.ts';
import { type OpenSource, type OpenTarget, openTarget } from '../copy/open-end.ts';
import { ExitCode, UserError } from '../errors.ts';
import { readProbe } from '../lvm/block-devices.ts';
import { probeDevices } from '../lvm/probe-device.ts';
import { runCommand } from '../lvm/spawn.ts';
import type { Bytes } from '../units.ts';

export interface PreparedTarget {
  readonly target: OpenTarget;
  /** A file that was empty or was not there: what is not written to it reads zero. */
  readonly isNew: boolean;
}

/**
 * Opens the target, and claims it where it is a device. A file is made as large as the source. `ask` is called before
 * anything is lost, and throws where it may not be. Throws UserError (exit 4) where the target may not be written.
 */
export async function prepareTarget(
  path: string,
  source: OpenSource,
  ask: (target: OpenTarget) => Promise<void>,
): Promise<PreparedTarget> {
  const before = statSync(path, { throwIfNoEntry: false });
  const isNew = !before || (before.isFile() && before.size === 0);
  if (isNew) {
    makeFile(path, source.size);
    return { target: await claimed(path), isNew };
  }
  const target = await claimed(path);
  try {
    if (target.device.identity === source.device.identity) {
      throw refused(`${path} and ${source.name} are the same`, 'a copy needs another place to go to');
    }
    await ask(target);
    if (target.device.kind === 'device' || target.size >= source.size) return { target, isNew };
  } catch (error) {
    await target.close();
    throw error;
  }
  await target.close();
  truncateSync(path, source.size);
  return { target: await claimed(path), isNew };
}

function makeFile(path: string, size: Bytes): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
    truncateSync(path, size);
  } catch (cause) {
    throw refused(`${path} cannot be made: ${(cause as Error).message}`);
  }
}

async function claimed(path: string): Promise<OpenTarget> {
  try {
    return await openTarget(path);
  } catch (cause) {
    const { code } = ((cause as CopyError).cause ?? {}) as NodeJS.ErrnoException;
    if (code !== 'EBUSY') throw cause;
    throw refused(
      `${path} is in use: mounted, mapped, or claimed by another program`,
      `unmount it first: \`lsblk ${path}\` shows who has it`,
    );
  }
}

/** What stands on the target, in words; null where it is blank. */
export async function whatIsOn({ name, device, end }: OpenTarget): Promise<string | null> {
  const raw = (await probeDevices([{ path: name, size: device.size }], runCommand))[name];
  const probe = raw && readProbe(name, raw);
  if (!probe) return 'something that could not be looked at';
  const found = [...new Set([probe.signature, ...probe.signatures].filter((one) => one !== null))];
  if (found.length > 0) return found.join(', ');
  return probe.zeroEnds && end.size > 0 ? null : 'data without a signature';
}

function refused(message: string, hint?: string): UserError {
  return new UserError(ExitCode.refused, `${message}. Nothing was changed`, hint);
}
