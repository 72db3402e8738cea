import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  constants,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { alignedBuffer } from '../../src/aligned-buffer.ts';
import { type OpenSource, type OpenTarget, openSource, openTarget } from '../../src/copy/open-end.ts';
import { ExitCode } from '../../src/errors.ts';
import { MiB } from '../../src/units.ts';
import { type LoopDevice, loopDevice, whyNoLoopDevices } from './loop-device.ts';
import { digestOf, run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'open-end-'));
const opened: OpenSource[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((end) => end.close()));
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);

async function target(of: string): Promise<OpenTarget> {
  const end = await openTarget(of);
  opened.push(end);
  return end;
}

async function source(of: string): Promise<OpenSource> {
  const end = await openSource(of);
  opened.push(end);
  return end;
}

/** As the kernel tells it of a descriptor. */
function isDirect(fd: number): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & constants.O_DIRECT) !== 0;
}

describe('a file', () => {
  test('takes and gives any bytes at any place', async () => {
    const size = 100_000;
    const content = randomBytes(size);
    writeFileSync(path('any'), content);
    const end = await target(path('any'));
    const place = fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 9000 }));
    await fc.assert(
      fc.asyncProperty(place, fc.boolean(), async ([offset, most], aligned) => {
        const at = aligned ? offset - (offset % 4096) : offset;
        const data = alignedBuffer(Math.min(most, size - at));
        randomBytes(data.length).copy(data);
        data.copy(content, at);
        await end.write(data, at);
        const back = alignedBuffer(data.length);
        await end.read(back, at);
        expect(back.equals(data)).toBe(true);
      }),
    );
    await end.flush();
    expect(readFileSync(path('any')).equals(content)).toBe(true);
  });

  test('of no bytes, or of a few, has nothing that could go past the page cache', async () => {
    for (const size of [0, 1, 511]) {
      writeFileSync(path('few'), randomBytes(size));
      const end = await source(path('few'));
      expect(end).toMatchObject({ size, end: { direct: null } });
    }
  });

  test('tells when it was changed, and a device does not', async () => {
    writeFileSync(path('changed'), randomBytes(4096));
    const end = await target(path('changed'));
    const before = await end.changed();
    expect(before).toBe(String(statSync(path('changed'), { bigint: true }).mtimeNs));
    execFileSync('touch', ['-d', '2001-01-01', path('changed')]);
    expect(await end.changed()).not.toBe(before);
  });

  test('is the same by every path to it, and another file is not', async () => {
    writeFileSync(path('one'), 'x');
    writeFileSync(path('two'), 'x');
    symlinkSync(path('one'), path('link'));
    const [one, link, two] = [
      await source(path('one')),
      await target(path('link')),
      await source(path('two')),
    ];
    expect(link.device.identity).toBe(one.device.identity);
    expect(two.device.identity).not.toBe(one.device.identity);
  });

  test('that is written to by others does not grow by what is copied', async () => {
    writeFileSync(path('from'), randomBytes(5000));
    writeFileSync(path('to'), randomBytes(5000));
    await run({ source: await source(path('from')), target: await target(path('to')) });
    expect(statSync(path('to')).size).toBe(5000);
  });
});

test('what is read past the page cache is not in it', async (context) => {
  writeFileSync(path('uncached'), randomBytes(4 * MiB));
  const cached = () => {
    const text = execFileSync('fincore', ['--noheadings', '--bytes', '--output', 'RES', path('uncached')]);
    return Number(text.toString());
  };
  try {
    execFileSync('dd', [`if=${path('uncached')}`, 'iflag=nocache', 'count=0', 'status=none']);
    execFileSync('sync', [path('uncached')]);
    execFileSync('dd', [`if=${path('uncached')}`, 'iflag=nocache', 'count=0', 'status=none']);
    if (cached() > 0) return context.skip('this file system keeps files in memory');
  } catch (error) {
    return context.skip(`no fincore or no GNU dd: ${(error as Error).message.split('\n')[0]}`);
  }
  const end = await source(path('uncached'));
  if (end.end.direct === null) return context.skip('this file system has no direct I/O');
  expect(isDirect(end.end.direct.fd)).toBe(true);
  expect(isDirect(end.end.plain)).toBe(false);
  await end.read(alignedBuffer(4 * MiB), 0);
  expect(cached()).toBe(0);
});

describe('what is no device and no file is refused in plain words, and not touched', () => {
  const cases: [string, () => string, string][] = [
    ['a folder', () => folder, 'it is neither a block device nor a file'],
    ['a character device', () => '/dev/zero', 'it is neither a block device nor a file'],
    ['nothing', () => path('none'), 'it does not exist (ENOENT)'],
    ['a path through a file', () => path('plain/x'), 'a part of its path is no directory (ENOTDIR)'],
  ];
  test.each(cases)('%s', async (_, of, what) => {
    writeFileSync(path('plain'), '');
    for (const [side, open] of [['source', openSource] as const, ['target', openTarget] as const]) {
      await expect(open(of())).rejects.toMatchObject({
        ...{ side, device: of(), what, exitCode: ExitCode.failed },
        message: `${side} ${of()}: ${what}`,
      });
    }
  });

  test('a pipe, without waiting for its other end', async () => {
    execFileSync('mkfifo', [path('pipe')]);
    await expect(openSource(path('pipe'))).rejects.toThrow('neither a block device nor a file');
    await expect(openTarget(path('pipe'))).rejects.toThrow('neither a block device nor a file');
  });
});

const whyNot = whyNoLoopDevices(folder);

describe.skipIf(whyNot !== null)(`loop devices${whyNot === null ? '' : ` (${whyNot})`}`, () => {
  const SIZE = 9 * MiB + 3 * 4096;
  const devices: LoopDevice[] = [];
  beforeAll(() => {
    for (const sector of [512, 4096] as const) devices.push(loopDevice(path(`loop-${sector}`), SIZE, sector));
  });
  afterAll(() => {
    for (const device of devices) device.detach();
  });
  const device = (sector: number) => devices[sector === 512 ? 0 : 1]?.path ?? '';

  test.each([512, 4096])(
    'with sectors of %i bytes go past the page cache, in whole sectors',
    async (sector) => {
      const end = await target(device(sector));
      expect(end).toMatchObject({ size: SIZE, device: { kind: 'device', size: SIZE } });
      expect(end.end.direct?.alignment).toBe(sector);
      expect(isDirect(end.end.direct?.fd ?? -1)).toBe(true);
      expect(await end.changed()).toBeNull();
    },
  );

  test('that are written to are claimed: nobody else gets them to write, and they are free again afterwards', async () => {
    const first = await openTarget(device(512));
    await expect(openTarget(device(512))).rejects.toMatchObject({
      ...{ side: 'target', device: device(512) },
      what: 'it is in use (EBUSY): mounted, mapped or claimed by another program',
    });
    const reader = await openSource(device(512));
    expect(reader.device.identity).toBe(first.device.identity);
    await reader.close();
    await first.close();
    await (await openTarget(device(512))).close();
  });

  test.each([
    [512, 4096],
    [4096, 512],
  ])(
    'are copied, from sectors of %i bytes to sectors of %i, in full and by what changed',
    async (from, to) => {
      const data = randomBytes(SIZE);
      writeFileSync(device(from), data);
      const manifest = { path: path(`manifest-${from}`), source: 'S', target: 'T', digest: null };
      const ends = { source: await source(device(from)), target: await target(device(to)) };
      const full = await run(ends, { manifest, verify: 'full' });
      expect(full.digest).toBe(digestOf(data));
      randomBytes(700).copy(data, 6 * MiB + 77);
      writeFileSync(device(from), data);
      const changed = await run(ends, { manifest, verify: 'written', mode: 'changed' });
      expect(changed).toMatchObject({ mode: 'manifest', digest: digestOf(data) });
      await Promise.all(opened.splice(0).map((end) => end.close()));
      expect(readFileSync(device(to)).equals(data)).toBe(true);
    },
  );

  test('end where the kernel says, whatever a file behind them holds', async () => {
    truncateSync(path('loop-512'), SIZE + MiB);
    expect((await source(device(512))).size).toBe(SIZE);
    truncateSync(path('loop-512'), SIZE);
  });
});
