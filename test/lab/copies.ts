/** What calls itself a complete copy, and what it holds. */
import { expect } from 'vitest';
import { MiB } from './backup.ts';
import { sh } from './tool.ts';
import type { Lab } from './vm.ts';

export interface Copy {
  /** `VG/LV`. */
  readonly volume: string;
  readonly source: string;
  /** SHA-256 of as many bytes as its source had. */
  readonly sum: string;
}

/**
 * Of all groups. The size of each source must be a whole number of MiB: then it is that of its copy.
 *
 * LVM lets nobody look at what lies in a pool of which a part is active by itself, as a killed command may leave it. It
 * is so again afterwards: to put that right is up to lvmbackup.
 */
export async function completeCopies(lab: Lab): Promise<Copy[]> {
  const alone = await partsAlone(lab);
  for (const part of alone) await lab.ok('lvchange', '-y', '-an', part);
  const copies = await copiesOf(lab);
  for (const part of alone) await lab.ok('lvchange', '-y', '-ay', part);
  return copies;
}

async function partsAlone(lab: Lab): Promise<string[]> {
  const text = await lab.ok(
    ...['lvs', '-a', '--noheadings', '--separator', '|', '-o', 'vg_name,lv_name,lv_active,lv_device_open'],
  );
  return text.split('\n').flatMap((line) => {
    const [group = '', name = '', active = '', open = ''] = line.trim().split('|');
    const part = /^\[(.+_t(?:meta|data))\]$/.exec(name)?.[1];
    return part !== undefined && active === 'active' && open !== 'open' ? [`${group}/${part}`] : [];
  });
}

async function copiesOf(lab: Lab): Promise<Copy[]> {
  const text = await lab.ok('lvs', '--noheadings', '--separator', '|', '-o', 'lv_full_name,lv_tags');
  const copies: Copy[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    const [volume = '', tags = ''] = line.split('|');
    if (!tags.includes('lvmbackup.state=complete')) continue;
    const size = Number(/lvmbackup\.size=(\d+)/.exec(tags)?.[1]);
    expect(size % MiB).toBe(0);
    await lab.ok('lvchange', '-y', '-ay', '-K', volume);
    const sum = await sh(lab, `head -c ${size} /dev/${volume} | sha256sum`);
    await lab.ok('lvchange', '-y', '-an', volume);
    const source = /lvmbackup\.source=([^,]+)/.exec(tags)?.[1] ?? '';
    copies.push({ volume, source, sum: sum.split(' ')[0] ?? '' });
  }
  return copies;
}
