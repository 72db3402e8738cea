/** What the benchmark copies: devices on a disk, filled once, changed between rounds, forgotten by the page cache. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CHUNK } from '../../src/copy/chunk.ts';
import { MiB } from '../../src/units.ts';

/** Two places of the same size, as loop devices past the page cache where root may make them, else as files. */
export class Field {
  readonly source: string;
  readonly target: string;
  readonly manifest: string;
  readonly list: string;
  readonly #loops: string[] = [];

  constructor(
    readonly folder: string,
    readonly size: number,
    /** Of a hundred MiB of the source, how many are zero. */
    zeros: number,
  ) {
    mkdirSync(folder, { recursive: true });
    this.manifest = join(folder, 'manifest');
    this.list = join(folder, 'list');
    fill(join(folder, 'source'), size, zeros);
    fill(join(folder, 'target'), size, 0);
    this.source = this.#device('source');
    this.target = this.#device('target');
  }

  get kind(): string {
    return this.#loops.length > 0 ? 'loop devices with direct I/O' : 'files';
  }

  /** Another byte in so many of a hundred chunks; the list then names those chunks. */
  change(percent: number): void {
    const chunks = this.size / CHUNK;
    const picked = new Set<number>();
    while (picked.size < Math.round((chunks * percent) / 100)) picked.add(Math.floor(Math.random() * chunks));
    const fd = openSync(this.source, 'r+');
    for (const chunk of picked) writeSync(fd, randomBytes(4096), 0, 4096, chunk * CHUNK + 8192);
    fsyncSync(fd);
    closeSync(fd);
    const lines = [...picked].sort((a, b) => a - b).map((chunk) => `${chunk * CHUNK} ${CHUNK}\n`);
    writeFileSync(this.list, lines.join(''));
  }

  /** What is read next comes from the disk. */
  cool(): void {
    for (const path of [this.source, this.target, join(this.folder, 'source'), join(this.folder, 'target')]) {
      spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
    }
  }

  remove(): void {
    for (const loop of this.#loops) spawnSync('losetup', ['-d', loop]);
    rmSync(this.folder, { recursive: true });
  }

  #device(name: string): string {
    const file = join(this.folder, name);
    const made = spawnSync('losetup', ['-f', '--show', '--direct-io=on', file], { encoding: 'utf8' });
    const path = made.stdout?.trim() ?? '';
    if (made.status !== 0 || path === '') return file;
    this.#loops.push(path);
    return path;
  }
}

function fill(path: string, size: number, zeros: number): void {
  const fd = openSync(path, 'w');
  for (let at = 0; at < size; at += MiB) {
    const isZero = (at / MiB) % 100 < zeros;
    writeSync(fd, isZero ? Buffer.alloc(MiB) : randomBytes(MiB), 0, MiB, at);
  }
  fsyncSync(fd);
  closeSync(fd);
}
