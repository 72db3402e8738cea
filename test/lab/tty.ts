/** Programs under a terminal, by `script` of Debian's bsdutils. */

/** The argument list that runs `argv` under a new terminal; its exit code is the program's. */
export function underTerminal(argv: readonly string[], columns: number): string[] {
  const line = `stty columns ${columns} rows 24; exec ${argv.map(quote).join(' ')}`;
  return ['script', '--quiet', '--return', '--flush', '--command', line, '/dev/null'];
}

/** `script` takes nothing but a line for the shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
