/** What scenarios make and measure: partitions, file systems, a writer, and proofs that nothing changed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Job } from './job.ts';
import type { Lab } from './vm.ts';

export const MiB = 1024 ** 2;

/** Rows of `lvm fullreport`, every field as text; `--all` names hidden volumes too. */
export interface FullReport {
  readonly report: readonly Readonly<
    Record<'vg' | 'pv' | 'lv' | 'pvseg' | 'seg', readonly Row[] | undefined>
  >[];
}

export type Row = Readonly<Record<string, string>>;

/** The whole report, not narrowed to what lvmbackup asks for: the lab does not trust what it tests. */
export async function report(lab: Lab): Promise<FullReport> {
  const options = ['--all', '--reportformat', 'json', '--units', 'b', '--nosuffix'];
  return JSON.parse(await lab.ok('lvm', 'fullreport', ...options)) as FullReport;
}

/** One row of `lvs -o FIELDS` for a volume that must be there. */
export async function volume(lab: Lab, name: string, ...fields: readonly string[]): Promise<Row> {
  return onlyRow(await lab.ok('lvs', ...REPORT, '-o', fields.join(','), name), 'lv');
}

/** One row of `pvs -o FIELDS` for a device that must be a physical volume. */
export async function physicalVolume(lab: Lab, path: string, ...fields: readonly string[]): Promise<Row> {
  return onlyRow(await lab.ok('pvs', ...REPORT, '-o', fields.join(','), path), 'pv');
}

const REPORT = ['--all', '--reportformat', 'json', '--units', 'b', '--nosuffix'];

function onlyRow(text: string, kind: 'lv' | 'pv'): Row {
  const row = (JSON.parse(text) as FullReport).report[0]?.[kind]?.[0];
  if (row === undefined) throw new Error(`a report without a row:\n${text}`);
  return row;
}

/**
 * SHA-256 of each whole disk, read from its file: whatever the guest did in secret is in it. For disks that nothing
 * is writing to: a mounted file system in use changes by itself.
 */
export async function fingerprints(lab: Lab): Promise<Record<string, string>> {
  await lab.ok('sync');
  const all = await Promise.all(lab.disks.map(async ({ path, file }) => [path, await sha256OfFile(file)]));
  return Object.fromEntries(all) as Record<string, string>;
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * MiB })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** GPT partitions of these sizes, in bytes, in this order; the kernel makes their nodes: /dev/vdb1, /dev/vdb2 … */
export async function makePartitions(lab: Lab, disk: string, sizes: readonly number[]): Promise<void> {
  const input = sizes.map((size) => `size=${size / 1024}KiB\n`).join('');
  const { exitCode, stderr } = await lab.run(['sfdisk', '--quiet', '--label', 'gpt', disk], { input });
  if (exitCode !== 0) throw new Error(`sfdisk ${disk} ended with ${exitCode}\n${stderr}`);
}

/** Complete at once: an ext4 that goes on initialising in the background would change by itself. */
export async function makeExt4(lab: Lab, device: string, mountPoint?: string): Promise<void> {
  await lab.ok('mke2fs', '-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', device);
  if (mountPoint === undefined) return;
  await lab.ok('mkdir', '-p', mountPoint);
  await lab.ok('mount', device, mountPoint);
}

export interface Writer {
  /** Ends it and waits until nothing of it is left: the file system can be unmounted then. */
  stop(): Promise<void>;
}

/** Rewrites eight files of 64 KiB in a folder, each flushed, one after the other, until it is stopped. */
export async function startWriter(lab: Lab, folder: string): Promise<Writer> {
  const script = `cd "$1"; i=0; while :; do
    dd if=/dev/urandom of=busy$((i % 8)) bs=64k count=1 conv=fsync status=none || exit
    [ $i = 0 ] && echo writing; i=$((i + 1))
  done`;
  const job: Job = lab.start(['sh', '-c', script, 'writer', folder]);
  await job.until(/writing/);
  return {
    async stop() {
      job.kill('SIGKILL');
      await job.wait();
    },
  };
}
