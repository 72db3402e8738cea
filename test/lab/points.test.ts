/** Restore points on real LVM: in a pool by policy, in turn without one, a pool that becomes full, runs that are cut. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp, backUpAsWritten, expectNothingLeft, MiB, machine } from './backup.ts';
import { type Cut, plannedCommands, runInto, wrapCommands } from './cut.ts';
import { compact, KEEP, twelveWeeks, wanted } from './nights.ts';
import { facts, liveInventory, predicted } from './prediction.ts';
import { lvmbackup, sh, sha256 } from './tool.ts';
import type { Lab } from './vm.ts';

const FULL = process.env.FULL !== undefined;
const SIZE = 12;

let on: Lab;
beforeAll(async () => {
  on = await machine(
    [64, 160, 96, 56],
    `
    vgcreate -q -s 1m S /dev/vda
    lvcreate -q -y -l ${SIZE} -n data S
    head -c ${SIZE * MiB} /dev/urandom > /dev/S/data
    vgcreate -q -s 1m B /dev/vdb
    vgcreate -q -s 1m R /dev/vdc
    vgcreate -q -s 1m F /dev/vdd
  `,
  );
});
afterAll(() => on?.close());

/** By the time of the snapshot, compact: what the source held then. */
const contents = new Map<string, string>();

/** Sets the machine's clock, changes a little of the source, and remembers what it holds. */
async function day(time: string, mib: number): Promise<string> {
  await sh(
    on,
    `date -u -s '${time.replace('T', ' ').replace('Z', '')}' > /dev/null
     head -c 300000 /dev/urandom | dd of=/dev/S/data bs=4096 seek=${mib * 256} conv=notrunc,fsync status=none`,
  );
  return sha256(on, '/dev/S/data');
}

async function names(group: string): Promise<string[]> {
  const text = await on.ok('lvs', '--noheadings', '-o', 'lv_name', group);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
}

async function tagsOf(volume: string): Promise<string[]> {
  return (await on.ok('lvs', '--noheadings', '-o', 'lv_tags', volume)).trim().split(',');
}

async function contentOf(volume: string): Promise<string> {
  await on.ok('lvchange', '-y', '-ay', '-K', volume);
  const text = await sh(on, `head -c ${SIZE * MiB} /dev/${volume} | sha256sum`);
  await on.ok('lvchange', '-y', '-an', volume);
  return text.split(' ')[0] ?? '';
}

/** Applies; gives what it said. */
async function apply(exitCode: number, ...options: readonly string[]): Promise<string> {
  const done = await lvmbackup(on, 'apply', '-y', ...options);
  expect(done.exitCode, done.stdout + done.stderr).toBe(exitCode);
  return done.stdout + done.stderr;
}

async function nothingActive(group: string): Promise<void> {
  const active = await on.ok('lvs', '-a', '--noheadings', '-o', 'lv_active', group);
  expect(active.trim()).toBe('');
}

const POINT = 'data-backup.';
const pointsOf = async (group: string) => (await names(group)).filter((name) => name.startsWith(POINT));

/** Twelve weeks in the full run; else four nights with jumps, one of them with two runs. */
const NIGHTS = FULL
  ? twelveWeeks()
  : [
      ...['2026-09-29T03:00:00Z', '2026-09-30T03:00:00Z', '2026-09-30T15:00:00Z', '2026-10-18T03:00:00Z'],
      '2026-11-02T03:00:00Z',
    ];

const poolFile = (keep: object) =>
  `version: 1\ngroup: {name: B, pool: {name: points, size: 95%FREE, metadata: 4MiB}}\nvolumes: [{source: S/data, keep: ${JSON.stringify(keep)}}]\n`;

async function timeOfNewest(): Promise<string> {
  const tags = await tagsOf('B/data-backup');
  return tags.find((tag) => tag.startsWith('lvmbackup.time='))?.slice('lvmbackup.time='.length) ?? '';
}

test('night after night in a pool: after each run the points are those of the policy, and each holds its own night', async () => {
  const times: string[] = [];
  for (const [index, night] of NIGHTS.entries()) {
    const source = await day(night, index % (SIZE - 1));
    // What an lvcreate leaves that is killed while it activates the pool: LVM activates no pool any more.
    if (index === 2) await on.ok('lvchange', '-y', '-ay', 'B/points_tmeta');
    // The prediction is held against LVM's report when the pool is made, and when points go.
    if (index === 0) await backUp(on, poolFile(KEEP));
    else if (FULL || index === 3) await backUpAsWritten(on);
    else await apply(0);
    const time = await timeOfNewest();
    expect(time.slice(0, 10)).toBe(night.slice(0, 10));
    times.push(time);
    contents.set(POINT + compact(time), source);
    expect(await pointsOf('B'), `after ${night}`).toEqual(wanted(times).map((time) => POINT + compact(time)));
  }
  await nothingActive('B');
  expect(await on.ok('vgs', '--noheadings', '-o', 'vg_autoactivation', 'B')).not.toContain('enabled');
  expect(await on.ok('lvs', '--noheadings', '-o', 'lv_when_full', 'B/points')).toContain('error');
  expect((await on.ok('lvs', '--noheadings', '-o', 'zero', 'B/points')).trim()).toBe('zero');
  await sh(on, 'vgchange --setautoactivation y B; vgchange -aay B');
  await nothingActive('B');
  for (const name of await pointsOf('B')) expect(await contentOf(`B/${name}`), name).toBe(contents.get(name));
  await nothingActive('B');
  const again = await lvmbackup(on, 'plan', '-v');
  expect(again.stdout).toContain('Restore points');

  // LVM makes no pool read-only, so its points are kept from being written to by other means.
  const read = await lvmbackup(on, 'verify');
  expect(read.exitCode, read.stdout + read.stderr).toBe(0);
  const [oldest = ''] = await pointsOf('B');
  const now = await sha256(on, '/dev/S/data');
  const back = await lvmbackup(on, 'restore', 'S/data', '--point', `B/${oldest}`, '-y');
  expect(back.exitCode, back.stdout + back.stderr).toBe(0);
  expect(now).not.toBe(contents.get(oldest));
  expect(await sha256(on, '/dev/S/data')).toBe(contents.get(oldest));
  await nothingActive('B');
}, 7_200_000);

test.runIf(FULL)(
  'wherever a run into the pool is cut: no point is torn, none is lost, and a complete head has its point again',
  async () => {
    await wrapCommands(on);
    let turns = 1;
    for (let turn = 0; turn < turns; turn += 1) {
      const before = new Set(await pointsOf('B'));
      const source = await day(
        `2026-11-${11 + (turn % 19)}T${String(4 + Math.floor(turn / 19)).padStart(2, '0')}:00:00Z`,
        3,
      );
      const commands = await plannedCommands(on);
      const cuts = cutsOf(commands);
      turns = Math.max(turns, cuts.length);
      const cut = cuts[turn % cuts.length] as Cut;
      const where = `${cut.how} ${cut.at}: ${commands[cut.at - 1]}`;
      await runInto(on, cut, 'apply', '-y');
      const recovered = await lvmbackup(on, 'recover');
      expect(recovered.exitCode, where + recovered.stdout + recovered.stderr).toBe(0);
      const tags = await on.ok('lvs', '-a', '--noheadings', '-o', 'lv_name,lv_tags', 'B', 'S');
      expect(tags, where).not.toContain('lvmbackup.run');
      const after = await pointsOf('B');
      const fresh = after.filter((name) => !before.has(name));
      expect(fresh.length, where).toBeLessThanOrEqual(1);
      for (const name of fresh) contents.set(name, source);
      const head = await tagsOf('B/data-backup');
      if (head.includes('lvmbackup.state=complete'))
        expect(after, where).toContain(`${POINT}${compact(await timeOfNewest())}`);
      for (const name of fresh) expect(await contentOf(`B/${name}`), where).toBe(source);
      expect(await tagsOf(`B/${after.at(-1)}`), where).toContain('lvmbackup.state=complete');
    }
    await day('2026-12-01T03:00:00Z', 4);
    await apply(0);
    contents.set(`${POINT}${compact(await timeOfNewest())}`, await sha256(on, '/dev/S/data'));
    await sh(
      on,
      'rm -rf /usr/local/sbin/lv* /usr/local/sbin/vg* /usr/local/sbin/pv* /usr/local/sbin/blkdiscard; hash -r',
    );
    for (const name of await pointsOf('B'))
      expect(await contentOf(`B/${name}`), name).toBe(contents.get(name));
    await nothingActive('B');
  },
  3_600_000,
);

/** All of them in the full run; else in and around the making of the point, and in the removal of one. */
function cutsOf(commands: readonly string[]): Cut[] {
  const ways = ['before', 'after', 'inside'] as const;
  const all = commands.flatMap((_, index) => ways.map((how) => ({ at: index + 1, how })));
  if (process.env.CUTS === 'all') return all;
  const made = commands.findIndex((line) => /^lvcreate .* B\/data-backup$/.test(line)) + 1;
  expect(made).toBeGreaterThan(0);
  return [
    { at: made, how: 'before' },
    { at: made, how: 'inside' },
    { at: made + 1, how: 'before' },
    ...(commands.length > made + 1 ? [{ at: made + 2, how: 'inside' as const }] : []),
  ];
}

const rotationFile = (last: number) =>
  `version: 1\ngroup: {name: R}\nvolumes: [{source: S/data, keep: {last: ${last}}}]\n`;

test.runIf(FULL)(
  'in turn over volumes without a pool: raised, lowered by name only, never over the newest, past what is open',
  async () => {
    const held = new Map<string, string>();
    const run = async (time: string, last: number) => {
      const source = await day(time, 5);
      // The prediction is held against LVM's report where a volume is made.
      if (FULL || last === 3) await backUp(on, rotationFile(last));
      else {
        await on.write('/root/backup.yaml', rotationFile(last));
        await apply(0);
      }
      return source;
    };
    held.set('data-backup', await run('2026-12-02T03:00:00Z', 2));
    held.set('data-backup.2', await run('2026-12-03T03:00:00Z', 2));
    held.set('data-backup', await run('2026-12-04T03:00:00Z', 2));
    held.set('data-backup.3', await run('2026-12-05T03:00:00Z', 3));
    expect(await names('R')).toEqual(['data-backup', 'data-backup.2', 'data-backup.3']);
    for (const [name, source] of held) expect(await contentOf(`R/${name}`), name).toBe(source);

    // Somebody looks at the oldest: the next but one has its turn.
    await sh(
      on,
      'lvchange -y -ay -K R/data-backup.2; exec 9< /dev/R/data-backup.2; sleep 600 < /dev/R/data-backup.2 > /dev/null 2>&1 & echo $! > /run/holder',
    );
    const source = await day('2026-12-06T03:00:00Z', 6);
    expect(await apply(0)).toContain('R/data-backup.2 is open: passed over');
    held.set('data-backup', source);
    await sh(on, 'kill $(cat /run/holder); sleep 0.5; lvchange -y -an R/data-backup.2');
    for (const [name, content] of held) expect(await contentOf(`R/${name}`), name).toBe(content);

    await on.write('/root/backup.yaml', rotationFile(1));
    const newest = await day('2026-12-07T03:00:00Z', 7);
    const refused = await apply(4);
    expect(refused).toContain('R/data-backup.3, R/data-backup would be removed');
    expect(await names('R')).toHaveLength(3);
    const before = await liveInventory(on);
    const plan = JSON.parse((await lvmbackup(on, 'plan', '--format', 'json')).stdout);
    await apply(0, '--allow-remove');
    expect(facts(await liveInventory(on), new Set())).toEqual(facts(predicted(before, plan), new Set()));
    expect(await names('R')).toEqual(['data-backup.2']);
    expect(await contentOf('R/data-backup.2')).toBe(newest);
    await expectNothingLeft(on);
  },
);

const fullFile = (last: number) =>
  `version: 1\ngroup: {name: F, pool: {name: p, size: 100%FREE, metadata: 4MiB}}\nvolumes: [{source: S/data, keep: {last: ${last}}}]\n`;

test.runIf(FULL)(
  'a pool that becomes full fails the copy and nothing else; with fewer points kept the next run has room',
  async () => {
    const rewrite = async (time: string) => {
      await day(time, 0);
      await sh(on, `head -c ${SIZE * MiB} /dev/urandom > /dev/S/data; sync`);
      return sha256(on, '/dev/S/data');
    };
    await rewrite('2026-12-10T03:00:00Z');
    await on.write('/root/backup.yaml', fullFile(9));
    const kept: string[] = [];
    for (const night of ['11', '12', '13']) {
      kept.push(await rewrite(`2026-12-${night}T03:00:00Z`));
      await apply(0);
    }
    await rewrite('2026-12-14T03:00:00Z');
    const failed = await apply(1);
    expect(failed).toContain('the pool F/p is full');
    await expectNothingLeft(on);
    await nothingActive('F');
    const points = await pointsOf('F');
    expect(await Promise.all(points.map((name) => tagsOf(`F/${name}`)))).toHaveLength(3);
    for (const [index, name] of points.entries()) expect(await contentOf(`F/${name}`)).toBe(kept[index]);

    await on.write('/root/backup.yaml', fullFile(1));
    await apply(0);
    const [last, ...others] = await pointsOf('F');
    expect(others).toEqual([]);
    expect(await contentOf(`F/${last}`)).toBe(await sha256(on, '/dev/S/data'));
  },
);
