/** lvmbackup as its users run it, in the lab: the bundled program, its files and its exit codes. */
import { fileURLToPath } from 'node:url';
import type { Finished } from './job.ts';
import type { Lab } from './vm.ts';

export const PROGRAM = fileURLToPath(new URL('../../dist/lvmbackup.cjs', import.meta.url));

export function lvmbackup(lab: Lab, ...args: readonly string[]): Promise<Finished> {
  return lab.run([process.execPath, PROGRAM, ...args], { cwd: '/root' });
}

/** What LVM says of volumes, one line each: `VG/LV size tags`. */
export async function volumes(lab: Lab): Promise<string[]> {
  const text = await lab.ok(
    'lvs',
    '--noheadings',
    '--units',
    'b',
    '--nosuffix',
    '-o',
    'lv_full_name,lv_size,lv_active,lv_tags',
  );
  return text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
    .sort();
}

export async function seqnos(lab: Lab): Promise<string> {
  return lab.ok('vgs', '--noheadings', '-o', 'vg_name,vg_seqno,vg_tags,vg_free_count');
}

export async function sha256(lab: Lab, device: string): Promise<string> {
  const text = await lab.ok('sha256sum', device);
  return text.split(' ')[0] ?? '';
}

/** Several lines of shell, to prepare a machine with. */
export function sh(lab: Lab, script: string): Promise<string> {
  return lab.ok('sh', '-euc', script);
}
