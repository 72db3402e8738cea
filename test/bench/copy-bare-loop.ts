/** The least that copying a list of ranges can cost in this process style: read, write, four at once, one flush. */
import { constants, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { alignedBuffer } from '../../src/aligned-buffer.ts';
import { MiB } from '../../src/units.ts';

const AT_ONCE = 4;

export async function bareLoop(list: string, from: string, to: string): Promise<void> {
  const lines = readFileSync(list, 'utf8').split('\n').filter(Boolean);
  const ranges = lines.map((line) => line.split(' ').map(Number) as [number, number]);
  const source = await open(from, constants.O_RDONLY | constants.O_DIRECT);
  const target = await open(to, constants.O_RDWR | constants.O_DIRECT);
  const lane = async () => {
    const buffer = alignedBuffer(MiB);
    for (let range = ranges.pop(); range; range = ranges.pop()) {
      const [start, length] = range;
      await source.read(buffer, 0, length, start);
      await target.write(buffer, 0, length, start);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await target.sync();
  await Promise.all([source.close(), target.close()]);
}
