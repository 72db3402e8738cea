/**
 * Names, tags, paths and LVM's own messages come from outside. A control character in one of them could move the
 * cursor or recolour the screen, and a character that turns the direction of writing could show another text than
 * is there: they are shown as escapes.
 */

/** Controls (C0, DEL, C1), line separators, and marks of direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `\x1b`, `\u202e`: as a shell's `$'…'` and JavaScript write them. */
export function escaped(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
  });
}

/** The same data with every text in it escaped. What has nothing to escape is passed on as it is. */
export function printable<T>(value: T): T {
  if (typeof value === 'string') return escaped(value) as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, printable(one)])) as T;
}
