/** The guest's disks: sparse files, in a temporary folder that goes with the last who uses it. */
import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DiskSpec {
  /** In bytes; needed where the file is not there yet. */
  readonly size?: number;
  readonly logicalSector?: 512 | 4096;
  readonly serial?: string;
  /** A file that outlives the lab, or a disk of an earlier boot. Default: a new temporary file. */
  readonly file?: string;
  /** Whether `lab.close()` removes the file; set for the files that the lab made itself. */
  readonly temporary?: boolean;
}

export interface LabDisk extends DiskSpec {
  readonly size: number;
  readonly file: string;
  /** In the guest: /dev/vda, /dev/vdb … in the order given. */
  readonly path: string;
}

let folder: string | undefined;
let made = 0;

function temporaryFile(): string {
  if (folder === undefined) {
    const mine = mkdtempSync(join(tmpdir(), 'lvmbackup-lab-'));
    process.on('exit', () => rmSync(mine, { recursive: true, force: true }));
    folder = mine;
  }
  made += 1;
  return join(folder, `disk${made}.raw`);
}

export function makeDisks(specs: readonly DiskSpec[]): LabDisk[] {
  return specs.map((spec, index) => {
    const file = spec.file ?? temporaryFile();
    if (!existsSync(file)) makeSparse(file, spec.size);
    const path = `/dev/vd${String.fromCharCode(97 + index)}`;
    return {
      ...spec,
      file,
      path,
      size: statSync(file).size,
      temporary: spec.temporary ?? spec.file === undefined,
    };
  });
}

function makeSparse(file: string, size: number | undefined): void {
  if (size === undefined) throw new Error(`a new disk needs a size: ${file}`);
  const descriptor = openSync(file, 'wx');
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

export function removeDisks(disks: readonly LabDisk[]): void {
  for (const { file, temporary } of disks) if (temporary) rmSync(file, { force: true });
}
