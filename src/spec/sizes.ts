/** Sizes, rates, percents and times as people write them. A parser gives the value, or a sentence that says why not. */
import { type Bytes, bytes, extents, type Seconds, seconds } from '../units.ts';
import type { Size } from './spec.ts';

export type Parsed<T> = { readonly value: T } | { readonly fault: string; readonly hint?: string };

const POWERS = ['K', 'M', 'G', 'T', 'P'];
const EXPECTED = 'write a size as 10GiB, 5120 extents, 20%ORIGIN or 50%FREE';

/** Any size that the file may hold, percentages included. */
export function parseSize(text: unknown): Parsed<Size> {
  if (typeof text === 'number') return bare(text);
  if (typeof text !== 'string') return { fault: 'this is no size', hint: EXPECTED };
  const trimmed = text.trim();
  const percent = /^(\d+)\s*%\s*(ORIGIN|FREE)$/.exec(trimmed);
  if (percent) return percentage(Number(percent[1]), percent[2] === 'FREE' ? '%FREE' : '%ORIGIN');
  const counted = /^(\d+)\s*extents?$/.exec(trimmed);
  if (counted) return countedExtents(Number(counted[1]));
  if (/^\d+\s*%$/.test(trimmed)) {
    return { fault: `${trimmed} of what?`, hint: `write ${trimmed}ORIGIN or ${trimmed}FREE` };
  }
  const plain = parseBytes(trimmed);
  return 'fault' in plain ? plain : { value: { unit: 'bytes', bytes: plain.value } };
}

/** A size in bytes alone. */
export function parseBytes(text: unknown): Parsed<Bytes> {
  if (typeof text === 'number') return bare(text);
  if (typeof text !== 'string') return { fault: 'this is no size', hint: 'write it as 10GiB' };
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!match) return { fault: `${JSON.stringify(text)} is no size`, hint: EXPECTED };
  const [, number = '', unit = ''] = match;
  if (unit === '') return bare(Number(number));
  const power = POWERS.findIndex((letter) => unit === letter || unit === `${letter}iB`);
  if (power < 0) return unknownUnit(number, unit);
  const value = Number(number) * 1024 ** (power + 1);
  if (!Number.isSafeInteger(value)) {
    return {
      fault: `${text} is no whole number of bytes below 8 PiB`,
      hint: 'write a smaller unit or a smaller number',
    };
  }
  if (value === 0) return { fault: 'a size must be more than nothing' };
  return { value: bytes(value) };
}

function bare(number: number): { fault: string; hint: string } {
  return { fault: `${number} has no unit`, hint: `write ${number}MiB, ${number}GiB or ${number} extents` };
}

function unknownUnit(number: string, unit: string): { fault: string; hint: string } {
  const letter = unit[0]?.toUpperCase() ?? '';
  const binary = POWERS.includes(letter) ? `${letter}iB` : 'GiB';
  return {
    fault: `${unit} is no unit that can be told from its decimal namesake`,
    hint: `write ${number}${binary}: sizes are binary here, as they are in LVM`,
  };
}

function percentage(percent: number, unit: '%ORIGIN' | '%FREE'): Parsed<Size> {
  if (percent === 0) return { fault: 'a size must be more than nothing' };
  if (unit === '%FREE' && percent > 100) return { fault: 'there is no more than 100%FREE' };
  if (percent > 1000) return { fault: `${percent}%ORIGIN is more than can be meant` };
  return { value: { unit, percent } };
}

function countedExtents(count: number): Parsed<Size> {
  if (count === 0 || !Number.isSafeInteger(count)) return { fault: 'this is no number of extents' };
  return { value: { unit: 'extents', extents: extents(count) } };
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

export function parseDuration(text: unknown): Parsed<Seconds> {
  const hint = 'write a whole number with s, m, h, d or w: 20h';
  if (typeof text === 'number') return { fault: `${text} has no unit`, hint: `write ${text}h or ${text}d` };
  const match = typeof text === 'string' ? /^(\d+)\s*([smhdw])$/.exec(text.trim()) : null;
  if (!match) return { fault: `${JSON.stringify(text)} is no length of time`, hint };
  const value = Number(match[1]) * (SECONDS[match[2] ?? ''] ?? 0);
  if (!Number.isSafeInteger(value) || value === 0) return { fault: 'this is no length of time', hint };
  return { value: seconds(value) };
}

/** `50MiB/s` to bytes a second. */
export function parseRate(text: unknown): Parsed<Bytes> {
  const hint = 'write it as 50MiB/s';
  if (typeof text !== 'string' || !text.trim().endsWith('/s')) return { fault: 'a rate ends in /s', hint };
  return parseBytes(text.trim().slice(0, -2));
}

/** `80%` to 80, from 1 to 100. */
export function parsePercent(text: unknown): Parsed<number> {
  const match = typeof text === 'string' ? /^(\d+)\s*%$/.exec(text.trim()) : null;
  const value = Number(match?.[1]);
  if (!match || value < 1 || value > 100) {
    return { fault: `${JSON.stringify(text)} is no part of a hundred`, hint: 'write 1% to 100%' };
  }
  return { value };
}

/** A size as it could stand in the file. */
export function sizeText(size: Size): string {
  switch (size.unit) {
    case 'bytes':
      return bytesAsWritten(size.bytes);
    case 'extents':
      return `${size.extents} extents`;
    case '%ORIGIN':
    case '%FREE':
      return `${size.percent}${size.unit}`;
  }
}

/** The largest unit of which it is a whole number. */
function bytesAsWritten(size: Bytes): string {
  for (let power = POWERS.length; power > 0; power--) {
    const unit = 1024 ** power;
    if (size % unit === 0) return `${size / unit}${POWERS[power - 1]}iB`;
  }
  return `${size / 1024}KiB`;
}
