/** One measurement of planning, in a process of its own, so that its peak of memory is its own too. */

import { pvUuidFrom } from '../../src/lvm/pv-uuid.ts';
import { inventoryOf } from '../../src/lvm/state-file.ts';
import { hasErrors } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import { bigFile, bigReport } from './big-report.ts';

export interface Planning {
  readonly volumes: number;
  readonly actions: number;
  /** Milliseconds, the median of several rounds. */
  readonly parseTen: number;
  readonly read: number;
  readonly plan: number;
  /** Bytes of resident memory: at the end of a process that planned, and of one that only made the report. */
  readonly peak: number;
}

export function measurePlanning(volumes: number): Planning {
  const text = bigReport(volumes);
  const spec = specOf(bigFile(volumes));
  const rounds = Array.from({ length: volumes > 1000 ? 5 : 15 }, () => {
    const parseTen = timed(() => {
      for (let count = 0; count < 10; count++) JSON.parse(text);
    });
    const read = timed(() => inventoryOf(JSON.parse(text)));
    const plan = timed(() => planBackup({ ...INPUT, spec, inventory: read.value }));
    if (hasErrors(plan.value)) throw new Error(JSON.stringify(plan.value.problems[0]));
    return { parseTen: parseTen.ms, read: read.ms, plan: plan.ms, actions: plan.value.actions.length };
  });
  const median = (pick: (round: (typeof rounds)[number]) => number) => medianOf(rounds.map(pick));
  return {
    volumes,
    actions: rounds[0]?.actions ?? 0,
    parseTen: median(({ parseTen }) => parseTen),
    read: median(({ read }) => read),
    plan: median(({ plan }) => plan),
    peak: process.resourceUsage().maxRSS * 1024,
  };
}

/** Peak memory of a process that plans once, or only makes the report. */
export function planOnce(volumes: number, plan: boolean): number {
  const text = bigReport(volumes);
  const spec = specOf(bigFile(volumes));
  if (plan) planBackup({ ...INPUT, spec, inventory: inventoryOf(JSON.parse(text)) });
  return process.resourceUsage().maxRSS * 1024;
}

const INPUT = {
  clock: new Date('2026-11-23T09:15:00Z'),
  config: { path: 'backup.yaml', sha256: '' },
  only: [],
  host: 'bench',
  neverFreeze: [],
  liveRun: false,
  timeZone: 'UTC',
  hasProgram: null,
  pvUuid: pvUuidFrom,
};

function specOf(file: string) {
  const result = parseSpec(new TextEncoder().encode(file));
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.spec;
}

function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const started = performance.now();
  const value = work();
  return { value, ms: performance.now() - started };
}

export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
