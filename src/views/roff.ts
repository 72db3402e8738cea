/** Text as the man macros take it. */

/** A line of text: what roff would take for its own stays what it is, and a dash is the dash that people type. */
export function roff(text: string): string {
  const safe = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  const ascii = safe.replace(/[^\0-\x7f]/gu, (letter) => `\\[u${codePoint(letter)}]`);
  return ascii.replace(/^([.'])/gm, '\\&$1');
}

function codePoint(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** An argument of a macro: quotes would end it. */
export function quotedRoff(text: string): string {
  return `"${roff(text).replaceAll('"', '\\(dq')}"`;
}

/** Literal lines, indented, as they would be typed. */
export function literal(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map(roff), '.fi', '.RE'];
}

/** A term with what is said of it. `term` is roff already. A path may be broken behind a slash. */
export function entry(term: string, text: string): string[] {
  return ['.TP', term, roff(text).replace(/\/(?=\w)/g, '/\\:')];
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

export interface Page {
  readonly name: string;
  readonly section: 5 | 8;
  readonly version: string;
  readonly summary: string;
  readonly body: readonly string[];
}

export function manPage({ name, section, version, summary, body }: Page): string {
  const title = `.TH ${quotedRoff(name.toUpperCase())} ${section} "" ${quotedRoff(`lvmbackup ${version}`)}`;
  const lines = [title, '.nh', '.ad l', '.SH NAME', `${roff(name)} \\- ${roff(summary)}`, ...body];
  return `${lines.join('\n')}\n`;
}
