/** What a list copy is measured against: the same ranges read and written past the page cache, and nothing else. */
import { readFileSync } from 'node:fs';
import { alignedBuffer } from '../../src/aligned-buffer.ts';
import { openSource, openTarget } from '../../src/copy/open-end.ts';

const [from = '', to = '', list = ''] = process.argv.slice(2);
const ranges = readFileSync(list, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ').map(Number) as [number, number]);
const source = await openSource(from);
const target = await openTarget(to);
const started = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (let range = ranges[next++]; range; range = ranges[next++]) {
      const [start, length] = range;
      const buffer = alignedBuffer(length);
      await source.read(buffer, start);
      await target.write(buffer, start);
    }
  }),
);
await target.flush();
process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000 }));
await Promise.all([source.close(), target.close()]);
