/** What was read or written through the page cache pushes out what the machine works with, unless it is given up. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Side } from './copy-error.ts';

const run = promisify(execFile);

/** GNU dd's way to say POSIX_FADV_DONTNEED, which node has no call for. Where it fails, nothing is lost but tidiness. */
export async function forget(side: Side, path: string): Promise<void> {
  const argv =
    side === 'source'
      ? [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']
      : [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'];
  await run('dd', argv).catch(() => {});
}
