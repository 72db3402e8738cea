/** Loop devices for tests, where the machine has them and lets us. */
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';

export interface LoopDevice {
  readonly path: string;
  detach(): void;
}

/** `sector`: its logical block size. Throws where there can be none. */
export function loopDevice(file: string, size: number, sector: 512 | 4096): LoopDevice {
  writeFileSync(file, '');
  truncateSync(file, size);
  const path = losetup('--find', '--show', '--sector-size', String(sector), file);
  return { path, detach: () => losetup('--detach', path) };
}

function losetup(...args: string[]): string {
  return execFileSync('losetup', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Why there can be none here; null where there can. */
export function whyNoLoopDevices(folder: string): string | null {
  if (process.getuid?.() !== 0) return 'only root may make loop devices';
  try {
    loopDevice(`${folder}/probe`, 1024 * 1024, 512).detach();
    return null;
  } catch (error) {
    return `losetup does not work here: ${(error as Error).message.split('\n')[0]}`;
  }
}
