/**
 * What planning and starting cost, as ratios of things measured in the same run: machines differ and are busy, the
 * ratios less so. Run by `npm run bench`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measurePlanning, medianOf, type Planning, planOnce } from './planning.ts';

const SELF = fileURLToPath(import.meta.url);
const PROGRAM = fileURLToPath(new URL('../lvmbackup.cjs', import.meta.url));
const SIZES = [100, 1000, 10_000];

const [mode, size] = process.argv.slice(2);
if (mode === undefined) report();
else if (mode === 'planning') process.stdout.write(JSON.stringify(measurePlanning(Number(size))));
else process.stdout.write(JSON.stringify(planOnce(Number(size), mode === 'with-plan')));

function report(): void {
  const rows = SIZES.map((volumes) => ({
    ...(child('planning', volumes) as Planning),
    peak: (child('with-plan', volumes) as number) - (child('without-plan', volumes) as number),
  }));
  say('Planning: the whole of reading the report and planning, against JSON.parse of ten such reports\n');
  say('  volumes  actions  read and plan  ten parses  ratio  per volume  memory of a plan');
  for (const row of rows) say(planningLine(row));
  say('\nStarting: lvmbackup --version against node -e 0, in turns\n');
  const { program, bare } = starting(41);
  say(`  lvmbackup ${ms(program)}, node ${ms(bare)}: ${(program / bare).toFixed(2)} times`);
}

function planningLine({ volumes, actions, read, plan, parseTen, peak }: Planning): string {
  const total = read + plan;
  return [
    `  ${String(volumes).padStart(7)}`,
    String(actions).padStart(7),
    ms(total).padStart(13),
    ms(parseTen).padStart(10),
    (total / parseTen).toFixed(2).padStart(5),
    `${((total / volumes) * 1000).toFixed(0)} us`.padStart(10),
    `${(peak / 1024 ** 2).toFixed(0)} MiB`.padStart(16),
  ].join('  ');
}

/** In turns, so that a busy moment of the machine falls on both. */
function starting(rounds: number): { readonly program: number; readonly bare: number } {
  const pairs = Array.from({ length: rounds }, () => ({
    program: start([PROGRAM, '--version']),
    bare: start(['-e', '0']),
  }));
  return {
    program: medianOf(pairs.map((pair) => pair.program)),
    bare: medianOf(pairs.map((pair) => pair.bare)),
  };
}

function start(argv: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, argv);
  if (status !== 0) throw new Error(`node ${argv.join(' ')} ended with ${status}`);
  return performance.now() - started;
}

function child(what: string, volumes: number): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, [SELF, what, String(volumes)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
