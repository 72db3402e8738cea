/** What the texts for people show: their blocks, and the command lines of lvmbackup in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../helpers/program.ts';

export const PAGES = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(`${ROOT}docs`).map((file) => `docs/${file}`),
];
export const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

export interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

export function blocksOf(page: string): Block[] {
  const fenced = [...textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const indented = [...textOf(page).matchAll(/(?:^ {4}.*\n)+/gm)];
  return [
    ...fenced.map(([, language = '', text = '']) => ({ page, language, text })),
    ...indented.map(([text]) => ({ page, language: '', text })),
  ];
}

/** The words after `lvmbackup` of each command line; comments, files that output goes to, and what follows are not part of it. */
export function commandLines(text: string): string[][] {
  return text
    .split('\n')
    .flatMap((line) => line.replace(/\s[#>]\s.*$/, '').split(/&&|\|/))
    .map((line) => line.trim().replace(/^(\$ )?(sudo )?/, ''))
    .filter((line) => /^lvmbackup [a-z-]/.test(line))
    .map((line) => wordsOf(line).slice(1));
}

/** As a shell parts them, as far as the texts need it: double quotes hold words together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
}
