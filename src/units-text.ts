/** Sizes as people read them. */
import type { Bytes } from './units.ts';

const STEPS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `160.0 MiB`: one decimal, binary steps from KiB to TiB; below a KiB the plain count, `512 B`. */
export function bytesText(size: Bytes | number): string {
  if (size < 1024) return `${size} B`;
  let value = size / 1024;
  let step = 0;
  // 1023.95 would be shown as 1024.0: the next step is the truer word for it.
  while (value >= 1023.95 && step < STEPS.length - 1) {
    value /= 1024;
    step++;
  }
  return `${value.toFixed(1)} ${STEPS[step]}`;
}

/** `5,142`. Not by `toLocaleString`, which takes longer than all the rest of a line of text. */
export function countText(count: number): string {
  return count < 1000 ? String(count) : String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `5,142 extents (20.1 GiB)` */
export function extentsText(count: number, extentSize: Bytes): string {
  return `${countText(count)} ${count === 1 ? 'extent' : 'extents'} (${bytesText(count * extentSize)})`;
}
