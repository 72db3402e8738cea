import { spawnSync } from 'node:child_process';

/** Runs a program to its end and gives its standard output; its failure is an Error with its last words. */
export function run(argv, options = {}) {
  const [program, ...rest] = argv;
  const result = spawnSync(program, rest, { maxBuffer: 2 ** 28, ...options });
  if (result.error) throw new Error(`${program} could not be started: ${result.error.message}`);
  if (result.status !== 0) {
    const words = String(result.stderr ?? '').trim();
    throw new Error(`${argv.join(' ')} failed with ${result.status ?? result.signal}\n${words}`);
  }
  return result.stdout;
}

/** The command itself where it may do what only root may, else with sudo. */
export function asRoot(argv) {
  return process.getuid?.() === 0 ? argv : ['sudo', ...argv];
}
