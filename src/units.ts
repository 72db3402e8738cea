/**
 * Units that must not be mixed. The same number of extents is a different number of bytes in another group,
 * so the two are different types: only the functions here turn one into the other.
 */

declare const unit: unique symbol;

/** A size or an offset in bytes: a whole number, at most 2^53 - 1 (8 PiB). */
export type Bytes = number & { readonly [unit]: 'bytes' };

/** A number of extents of one certain group. Meaningless without that group's extent size. */
export type Extents = number & { readonly [unit]: 'extents' };

/** A length of time in whole seconds. */
export type Seconds = number & { readonly [unit]: 'seconds' };

function wholeNumber(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${what} must be a whole number from 0 to 2^53 - 1, not ${value}`);
  }
  return value;
}

/** Throws RangeError where `value` is no whole number that JavaScript holds exactly. */
export function bytes(value: number): Bytes {
  return wholeNumber(value, 'bytes') as Bytes;
}

/** Throws RangeError where `value` is no whole number that JavaScript holds exactly. */
export function extents(value: number): Extents {
  return wholeNumber(value, 'extents') as Extents;
}

/** Throws RangeError where `value` is no whole number. */
export function seconds(value: number): Seconds {
  return wholeNumber(value, 'seconds') as Seconds;
}

export const KiB = bytes(1024);
export const MiB = bytes(1024 ** 2);
export const GiB = bytes(1024 ** 3);
export const TiB = bytes(1024 ** 4);

/** How many extents hold `size` bytes: rounded up, as LVM rounds a size. */
export function extentsFor(size: Bytes, extentSize: Bytes): Extents {
  return extents(Math.ceil(size / extentSize));
}

/** The bytes that `count` extents take in a group with extents of `extentSize`. */
export function bytesOf(count: Extents, extentSize: Bytes): Bytes {
  return bytes(count * extentSize);
}
