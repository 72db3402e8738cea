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

/** Of all groups. The size of each source must be a whole number of MiB: then it is that of its copy. */
export async function completeCopies(lab: Lab): Promise<Copy[]> {
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
