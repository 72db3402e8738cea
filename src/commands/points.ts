/** `lvmbackup points`: every restore point that the tags tell of, on whatever machine the backup disk is. */
import { ExitCode, UserError } from '../errors.ts';
import { restorePoints } from '../plan/restore-points.ts';
import { pointsJson, pointsText } from '../views/points.ts';
import type { Io } from './io.ts';
import { groupOfFile, readMachine } from './read-machine.ts';

export interface PointsOptions {
  readonly group?: string;
  readonly file?: string;
  readonly format: 'text' | 'json';
}

export async function points(options: PointsOptions, io: Io): Promise<ExitCode> {
  const json = options.format === 'json';
  const ofFile = groupOfFile(options.file, io, json);
  if (ofFile === undefined) return ExitCode.badInput;
  const group = options.group ?? ofFile;
  const inventory = await readMachine();
  if (group !== null && !inventory.groups.has(group)) {
    throw new UserError(
      ExitCode.badInput,
      `there is no group ${group}`,
      'is the backup disk there? see `vgs`; where LVM uses a devices file, it may hide the group: lvmdevices(8)',
    );
  }
  const found = restorePoints(inventory).filter(({ volume }) => group === null || volume.group === group);
  io.out(json ? `${pointsJson(found)}\n` : `${pointsText(found, new Date(), io.outStyle)}\n`);
  return ExitCode.done;
}
