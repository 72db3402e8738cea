/** Text in Markdown: names may hold what Markdown or HTML would take for markup. */

export function literal(text: string): string {
  return text.replace(/[\\`*_<>[\]~|]/g, '\\$&');
}

export function tableMarkdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
