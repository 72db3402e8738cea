import { describe, expect, test } from 'vitest';
import { ExitCode, UserError } from '../../src/errors.ts';
import { releaseLeft } from '../../src/lvm/metadata-snapshot.ts';
import type { RunCommand } from '../../src/lvm/spawn.ts';
import { thinList } from '../../src/lvm/thin-list.ts';
import { bytes } from '../../src/units.ts';
import { answered } from './answers.ts';

const SIZE = bytes(100 * 65_536);
const PAIR = { group: 'my-vg', pool: 'pool', base: 3, now: 7, span: { size: SIZE, before: SIZE } };
const POOL = 'my--vg-pool-tpool';
const DELTA = [
  '<superblock uuid="" time="2" transaction="3" data_block_size="128" nr_data_blocks="16384">',
  '  <diff left="3" right="7">',
  '    <different begin="5" length="2"/>',
  '  </diff>',
  '</superblock>',
  '',
].join('\n');

/** A pool, and a thin_delta that writes what it is told to. */
class MadePool {
  readonly seen: string[] = [];
  readonly stop = new AbortController();
  root = '-';
  state = '';
  version = '0.9.0\n';
  delta = DELTA;
  /** How thin_delta ends. */
  ending: { exitCode: number; stderr?: string } = { exitCode: 0 };
  failing: string | null = null;
  tagged = false;
  /** What happens while thin_delta runs. */
  meanwhile = () => {};

  readonly run: RunCommand = async (argv) => {
    this.seen.push(argv.join(' '));
    return answered(argv, this.#answer(argv));
  };

  list() {
    return thinList(PAIR, {
      signal: this.stop.signal,
      run: this.run,
      stream: async (argv, take, signal) => {
        this.seen.push(argv.join(' '));
        this.meanwhile();
        signal.throwIfAborted();
        take(this.delta);
        return answered(argv, this.ending);
      },
    });
  }

  #answer([program, verb, , , message = '']: readonly string[]) {
    if (program === 'thin_delta') return this.version;
    if (program === 'lvchange') {
      this.tagged = this.seen.at(-1)?.includes('--addtag') ?? false;
      return '';
    }
    if (verb === 'status')
      return (
        this.state ||
        `0 81920 thin-pool 4 12/1024 3/384 ${this.root} rw discard_passdown queue_if_no_space - 1024\n`
      );
    if (message === this.failing)
      return { exitCode: 1, stderr: 'device-mapper: message ioctl failed: Device or resource busy\n' };
    this.root = message.startsWith('reserve') ? '43' : '-';
    return '';
  }

  get released() {
    return this.seen.filter((line) => line.endsWith('release_metadata_snap')).length;
  }
}

/** Whatever stands against a list, the tag says whether something of ours is reserved. */
async function faultOf(pool: MadePool) {
  const result = await pool.list();
  expect(pool.tagged).toBe('fault' in result && result.fault.code === 'not-released');
  if ('ranges' in result) throw new Error('there is a list');
  return result.fault;
}

describe('the list of a thin volume', () => {
  test('is what thin_delta says of a metadata snapshot, which is released', async () => {
    const pool = new MadePool();
    const result = await pool.list();
    expect('ranges' in result && [...result.ranges]).toEqual([{ start: 5 * 65_536, length: 2 * 65_536 }]);
    expect(pool.seen).toEqual([
      'thin_delta -V',
      `dmsetup status ${POOL}`,
      'lvchange --addtag lvmbackup.held=none my-vg/pool',
      `dmsetup message ${POOL} 0 reserve_metadata_snap`,
      `dmsetup status ${POOL}`,
      'lvchange --deltag lvmbackup.held=none --addtag lvmbackup.held=43 my-vg/pool',
      'thin_delta -m --thin1 3 --thin2 7 /dev/mapper/my--vg-pool_tmeta',
      `dmsetup status ${POOL}`,
      `dmsetup message ${POOL} 0 release_metadata_snap`,
      'lvchange --deltag lvmbackup.held=43 my-vg/pool',
    ]);
  });

  test.each(['0.7.0', '0.8.5', '0.9.0', '1.0.6', '1.0.12', '1.1.0', '2.0.0', 'thin_delta 1.2.1'])(
    'is had with %s',
    async (version) => {
      const pool = new MadePool();
      pool.version = `${version}\n`;
      expect(await pool.list()).toHaveProperty('ranges');
    },
  );

  test.each(['0.6.3', '1.0.0', '1.0.5', '1.0', 'thin_delta 1.0.4'])('is not had with %s', async (version) => {
    const pool = new MadePool();
    pool.version = `${version}\n`;
    expect(await faultOf(pool)).toMatchObject({
      code: 'old-thin-delta',
      text: /^my-vg\/pool: .*misses changes/,
    });
    expect(pool.seen).toEqual(['thin_delta -V']);
  });

  test('is not had with a version that is not told', async () => {
    const pool = new MadePool();
    pool.version = '';
    expect(await faultOf(pool)).toMatchObject({ code: 'thin-delta-failed' });
  });
});

describe("somebody else's metadata snapshot", () => {
  test('is left alone, and the reason says how to release it', async () => {
    const pool = new MadePool();
    pool.root = '99';
    expect(await faultOf(pool)).toEqual({
      code: 'held',
      text:
        'my-vg/pool: it has a metadata snapshot already, which is none of this run; ' +
        `where nobody uses it, "dmsetup message ${POOL} 0 release_metadata_snap" releases it`,
    });
    expect(pool.released).toBe(0);
    expect(pool.root).toBe('99');
    expect(pool.seen.join()).not.toContain('lvchange');
  });

  test('that came in between is left alone too', async () => {
    const pool = new MadePool();
    pool.failing = 'reserve_metadata_snap';
    expect(await faultOf(pool)).toEqual({
      code: 'not-reserved',
      text: 'my-vg/pool: no metadata snapshot is given: device-mapper: message ioctl failed: Device or resource busy',
    });
    expect(pool.released).toBe(0);
  });

  test.each(['-', '44'])('in place of ours is neither believed nor released: %s', async (root) => {
    const pool = new MadePool();
    pool.meanwhile = () => {
      pool.root = root;
    };
    expect(await faultOf(pool)).toMatchObject({ code: 'not-reserved' });
    expect(pool.released).toBe(0);
  });
});

describe('the metadata snapshot is released', () => {
  test('where thin_delta fails', async () => {
    const pool = new MadePool();
    pool.delta = '';
    pool.ending = { exitCode: 1, stderr: 'Unable to find mapping tree for snap2 (7)\nUsage: thin_delta\n' };
    expect(await faultOf(pool)).toEqual({
      code: 'thin-delta-failed',
      text: 'my-vg/pool: thin_delta could not compare: Unable to find mapping tree for snap2 (7)',
    });
    expect(pool.released).toBe(1);
  });

  test('where thin_delta fails after it has written all', async () => {
    const pool = new MadePool();
    pool.ending = { exitCode: 1 };
    expect(await faultOf(pool)).toMatchObject({ code: 'thin-delta-failed' });
    expect(pool.released).toBe(1);
  });

  test.each([['something else'], [DELTA.slice(0, -20)]])(
    'where what it wrote is not the format',
    async (text) => {
      const pool = new MadePool();
      pool.delta = text;
      expect(await faultOf(pool)).toMatchObject({ code: 'malformed' });
      expect(pool.released).toBe(1);
    },
  );

  test('where the run is stopped, which ends with the reason of the signal', async () => {
    const pool = new MadePool();
    const reason = new Error('stop');
    pool.meanwhile = () => pool.stop.abort(reason);
    await expect(pool.list()).rejects.toBe(reason);
    expect(pool.released).toBe(1);
  });

  test('where thin_delta cannot be started', async () => {
    const pool = new MadePool();
    pool.meanwhile = () => {
      throw new UserError(ExitCode.failed, 'the program thin_delta is not there');
    };
    expect(await faultOf(pool)).toEqual({
      code: 'not-installed',
      text: 'my-vg/pool: the program thin_delta is not there',
    });
    expect(pool.released).toBe(1);
  });

  test('where the state of the pool is not told any more', async () => {
    const pool = new MadePool();
    pool.meanwhile = () => {
      pool.state = 'nothing of use';
    };
    expect(await pool.list()).toHaveProperty('ranges');
    expect(pool.released).toBe(1);
  });

  test('or the reason says that it was not, and what does it', async () => {
    const pool = new MadePool();
    pool.failing = 'release_metadata_snap';
    expect(await faultOf(pool)).toEqual({
      code: 'not-released',
      text:
        `my-vg/pool: its metadata snapshot stays reserved until "dmsetup message ${POOL} 0 release_metadata_snap" works: ` +
        'device-mapper: message ioctl failed: Device or resource busy',
    });
  });

  test('and none is reserved for a run that was stopped before', async () => {
    const pool = new MadePool();
    pool.stop.abort(new Error('stop'));
    await expect(pool.list()).rejects.toThrow('stop');
    expect(pool.seen).toEqual([]);
  });
});

describe('what a dead run reserved', () => {
  const released = async (pool: MadePool, root: string) => {
    await releaseLeft(PAIR, root, pool.run);
    return pool.released;
  };

  test('is released where it lies where the tag says', async () => {
    const pool = new MadePool();
    pool.root = '43';
    expect(await released(pool, '43')).toBe(1);
  });

  test.each([
    ['99', '43', "somebody else's"],
    ['99', 'none', 'the run had reserved nothing yet'],
    ['-', '43', 'it is released already'],
  ])('not %s for %s: %s', async (there, told) => {
    const pool = new MadePool();
    pool.root = there;
    expect(await released(pool, told)).toBe(0);
  });

  test('or the run says that it was not', async () => {
    const pool = new MadePool();
    pool.root = '43';
    pool.failing = 'release_metadata_snap';
    await expect(released(pool, '43')).rejects.toThrow('my-vg/pool: its metadata snapshot stays reserved');
  });
});

test.each([
  ['0 81920 thin-pool Fail\n', 'pool-failed'],
  ['0 81920 thin-pool Error\n', 'pool-failed'],
  ['0 81920 linear\n', 'no-status'],
  ['0 81920 thin-pool 4 12/1024 3/384\n', 'no-status'],
  ['0 81920 thin-pool 4 12/1024 3/384 rw\n', 'no-status'],
  ['', 'no-status'],
])('a pool of which the kernel says %j gives no list, and nothing is reserved in it', async (state, code) => {
  const pool = new MadePool();
  pool.state = state || ' ';
  expect(await faultOf(pool)).toMatchObject({ code });
  expect(pool.seen).toHaveLength(2);
});
