/**
 * Reads what dm-log-writes wrote: every write that a device was asked for, in the order in which it became durable or
 * could have. A write without FUA is there only from the flush on that follows it. (Linux, drivers/md/dm-log-writes.c:
 * the superblock, then for each write a header of one sector and its data.)
 */
import { closeSync, openSync, readSync } from 'node:fs';

const MAGIC = 0x6a736677736872n;
const FLAGS = { flush: 1, fua: 2, discard: 4, mark: 8 } as const;

export interface LoggedWrite {
  /** In bytes, on the device. */
  readonly at: number;
  readonly length: number;
  readonly kind: 'write' | 'discard' | 'mark';
  /** What came before it in the log is durable from here on. */
  readonly flush: boolean;
  /** It is durable by itself. */
  readonly fua: boolean;
  /** Of a write. */
  readonly data: Buffer;
}

export function* loggedWrites(file: string): Generator<LoggedWrite> {
  const fd = openSync(file, 'r');
  const read = (offset: number, length: number) => {
    const buffer = Buffer.alloc(length);
    if (readSync(fd, buffer, 0, length, offset) !== length) throw new Error(`${file} ends at ${offset}`);
    return buffer;
  };
  try {
    const top = read(0, 512);
    if (top.readBigUInt64LE(0) !== MAGIC) throw new Error(`${file} is no log of writes`);
    const entries = Number(top.readBigUInt64LE(16));
    const sector = top.readUInt32LE(24);
    let offset = sector;
    for (let index = 0; index < entries; index += 1) {
      const header = read(offset, 32);
      const [start, count, flags] = [0, 8, 16].map((at) => Number(header.readBigUInt64LE(at)));
      const has = (flag: number) => ((flags ?? 0) & flag) !== 0;
      const kind = has(FLAGS.mark) ? 'mark' : has(FLAGS.discard) ? 'discard' : 'write';
      const length = (count ?? 0) * sector;
      offset += sector;
      const data = kind === 'write' ? read(offset, length) : Buffer.alloc(0);
      offset += data.length;
      const place = { at: (start ?? 0) * sector, length, data };
      yield { ...place, kind, flush: has(FLAGS.flush), fua: has(FLAGS.fua) };
    }
  } finally {
    closeSync(fd);
  }
}

/** Does to the image what the write does to the device. */
export function replay(image: Buffer, { kind, at, length, data }: LoggedWrite): void {
  if (kind === 'write') data.copy(image, at);
  else if (kind === 'discard') image.fill(0, at, at + length);
}
