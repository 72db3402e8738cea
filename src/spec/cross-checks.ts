/** What the schema cannot say: names that LVM refuses, names that meet, keys that make no sense together. */
import type { Diagnostic, Range } from '../diagnostics.ts';
import { deviceNameFault, groupNameFault, volumeNameFault } from '../lvm/names.ts';
import { GiB, KiB, MiB } from '../units.ts';
import type { SpecFile, VolumeFile } from './file.ts';
import { freezingHooks } from './hook-checks.ts';
import type { Places } from './locate.ts';
import { sourceOf } from './resolve.ts';
import type { Spec, VolumeSpec } from './spec.ts';
import { nearest } from './suggest.ts';

export function crossChecks(file: SpecFile, spec: Spec, places: Places): Diagnostic[] {
  const checks = new Checks(places);
  checks.group(spec, file);
  checks.pool(spec);
  file.volumes.forEach((volume, index) => {
    const resolved = spec.volumes[index];
    if (resolved) checks.volume(file, spec, volume, resolved, index);
  });
  checks.names(spec, file);
  checks.unusedSets(file);
  return [...checks.found, ...freezingHooks(file, places)];
}

/** What the name of a point has beyond its backup's. */
const POINT_SUFFIX = '.20261123T091500Z';

class Checks {
  readonly found: Diagnostic[] = [];

  constructor(readonly places: Places) {}

  error(range: Range, code: string, message: string, hint?: string): void {
    this.found.push({ code, severity: 'error', message, range, ...(hint === undefined ? {} : { hint }) });
  }

  group(spec: Spec, file: SpecFile): void {
    const fault = groupNameFault(spec.group.name);
    if (fault) this.error(this.places.value(['group', 'name']), 'bad-name', fault);
    const seen = new Map<string, number>();
    (file.group.devices ?? []).forEach((device, index) => {
      const range = this.places.value(['group', 'devices', index]);
      this.device(device, range);
      if (seen.has(device)) this.error(range, 'twice', `${device} stands in this list twice`);
      seen.set(device, index);
    });
  }

  pool(spec: Spec): void {
    const { pool, name } = spec.group;
    if (!pool) return;
    const wrong = (key: string, message: string, hint?: string) =>
      this.error(this.places.value(['group', 'pool', key]), 'bad-value', message, hint);
    const fault = volumeNameFault(pool.name) ?? deviceNameFault(name, pool.name);
    if (fault) this.error(this.places.value(['group', 'pool', 'name']), 'bad-name', fault);
    if (pool.size.unit === '%ORIGIN') wrong('size', 'a pool has no origin', 'write 95%FREE, or a size');
    const { chunkSize, metadata } = pool;
    if (chunkSize < 64 * KiB || chunkSize > GiB || chunkSize % (64 * KiB) !== 0) {
      wrong('chunkSize', 'LVM takes chunks of 64 KiB to 1 GiB, in steps of 64 KiB', 'write 256KiB');
    }
    if (metadata !== null && (metadata < 2 * MiB || metadata > 15 * GiB)) {
      wrong(
        'metadata',
        'the metadata of a pool takes from 2 MiB to 15 GiB',
        'leave it out: it follows from the size',
      );
    }
  }

  device(path: string, range: Range): void {
    if (!path.startsWith('/')) {
      this.error(range, 'bad-device', `${path} is no path of a device`, 'write /dev/disk/by-id/…');
    } else if (/\/\.{1,2}(\/|$)|\/\/|\/$/.test(path)) {
      this.error(range, 'bad-device', `${path} is not written plainly`, 'write the path without //, . or ..');
    }
  }

  volume(file: SpecFile, spec: Spec, written: VolumeFile, volume: VolumeSpec, index: number): void {
    const at = (key: string) =>
      key in written
        ? this.places.value(['volumes', index, key])
        : this.places.value(['volumes', index, 'source']);
    const errors = this.found.length;
    this.source(written.source, at('source'));
    const sourceIsRight = this.found.length === errors;
    this.policyName(file, written, at('policy'));
    const { kind } = volume.source;
    const own = (key: string, wrong: boolean, message: string, hint?: string) => {
      if (wrong) this.error(this.places.key(['volumes', index, key]), 'no-sense', message, hint);
    };
    own('exclude', 'exclude' in written && kind !== 'pattern', 'exclude belongs to a pattern (VG/*)');
    own(
      'backup',
      'backup' in written && kind === 'pattern',
      'one name cannot serve all matches of a pattern',
    );
    own(
      'freeze',
      written.freeze === true && kind !== 'device',
      'freeze is for plain devices: LVM freezes by itself',
    );
    own('set', 'set' in written && kind === 'device', 'a set is of snapshots, and a plain device has none');
    own(
      'method',
      volume.method === 'files' && kind === 'device',
      'method: files copies from a mounted snapshot, and a plain device has none',
      'leave it out: a plain device is copied as an image',
    );
    own(
      'method',
      volume.method === 'files' && volume.tracking !== 'none',
      'tracking is of images: with method: files rsync looks for what changed',
      'set tracking: none for this volume',
    );
    own(
      'method',
      volume.method === 'files' && volume.onReadError === 'skip',
      'onReadError: skip is of images: a file that cannot be read is an error of the whole copy',
      'set onReadError: stop for this volume',
    );
    own('snapshot', written.snapshot != null && kind === 'device', 'a plain device has no snapshot');
    if (kind === 'device' && volume.backup === null) {
      this.error(
        at('source'),
        'missing-key',
        'a plain device needs a name for its backup',
        'add backup: boot-backup',
      );
    }
    if (kind === 'pattern' && written.snapshot?.name != null) {
      this.error(at('snapshot'), 'no-sense', 'one name cannot serve the snapshots of all matches');
    }
    this.lend(volume, at('snapshot'));
    // Names that follow from a wrong source are wrong for the same reason.
    if (sourceIsRight) this.volumeNames(spec, volume, at);
    this.keep(spec, volume, at('keep'));
  }

  source(text: string, range: Range): void {
    if (/^\/dev\/mapper\//.test(text)) {
      this.error(range, 'bad-source', 'a volume is written VG/LV, not by its device', 'write VG/LV');
      return;
    }
    const source = sourceOf(text);
    if (source.kind === 'device') {
      this.device(text, range);
      return;
    }
    if (!text.includes('/') || source.text.split('/').length !== 2) {
      this.error(range, 'bad-source', `${text} is no source`, 'write VG/LV, VG/* or the path of a device');
      return;
    }
    const name = source.kind === 'volume' ? source.name : source.pattern.replace(/[*?]/g, '');
    const fault = groupNameFault(source.group) ?? (name === '' ? null : groupNameFault(name));
    if (source.kind === 'volume' && name === '') this.error(range, 'bad-source', `${text} names no volume`);
    else if (fault) this.error(range, 'bad-name', fault);
  }

  policyName(file: SpecFile, written: VolumeFile, range: Range): void {
    const names = Object.keys(file.policies ?? {});
    if (written.policy === undefined || names.includes(written.policy)) return;
    const near = nearest(written.policy, names);
    const hint = near
      ? `did you mean ${near}?`
      : names.length > 0
        ? `there are ${names.join(', ')}`
        : undefined;
    this.error(range, 'unknown-policy', `there is no policy named ${written.policy}`, hint);
  }

  lend(volume: VolumeSpec, range: Range): void {
    if (volume.snapshot.lend !== null && volume.source.kind !== 'device')
      this.device(volume.snapshot.lend, range);
  }

  volumeNames(spec: Spec, volume: VolumeSpec, at: (key: string) => Range): void {
    if (volume.backup !== null) {
      const longest = spec.group.pool ? POINT_SUFFIX : volume.keep.last > 1 ? `.${volume.keep.last}` : '';
      const fault =
        volumeNameFault(volume.backup) ?? deviceNameFault(spec.group.name, `${volume.backup}${longest}`);
      if (fault) this.error(at('backup'), 'bad-name', fault);
    }
    const { name } = volume.snapshot;
    if (volume.source.kind === 'volume' && name !== null) {
      const fault = volumeNameFault(name) ?? deviceNameFault(volume.source.group, name);
      if (fault) this.error(at('snapshot'), 'bad-name', fault, 'give it another name: snapshot.name');
    }
  }

  keep(spec: Spec, volume: VolumeSpec, range: Range): void {
    const { last: _, ...periods } = volume.keep;
    const beyond = Object.entries(periods).find(([, count]) => count > 0);
    if (!beyond || spec.group.pool) return;
    this.error(range, 'no-pool', `keep.${beyond[0]} needs a pool`, 'add group.pool, or keep only last');
  }

  /** Sources, backup names and snapshot names must not meet. The second of the two is shown. */
  names(spec: Spec, file: SpecFile): void {
    const sources = new Map<string, number>();
    const volumes = new Map<string, string>();
    const { pool } = spec.group;
    if (pool) volumes.set(`${spec.group.name}/${pool.name}`, 'pool of the restore points');
    spec.volumes.forEach((volume, index) => {
      const line = (key: string) =>
        file.volumes[index] && key in file.volumes[index]
          ? this.places.value(['volumes', index, key])
          : this.places.value(['volumes', index, 'source']);
      const first = sources.get(volume.source.text);
      if (first !== undefined) {
        const where = this.places.value(['volumes', first, 'source']).start.line;
        this.error(line('source'), 'twice', `${volume.source.text} is a source already, on line ${where}`);
        return;
      }
      sources.set(volume.source.text, index);
      if (volume.backup !== null) {
        this.name(
          volumes,
          `${spec.group.name}/${volume.backup}`,
          `backup of ${volume.source.text}`,
          line('backup'),
          'backup:',
        );
        this.isNoSource(spec, `${spec.group.name}/${volume.backup}`, 'backup', line('backup'));
      }
      if (volume.source.kind === 'volume' && volume.snapshot.name !== null) {
        const path = `${volume.source.group}/${volume.snapshot.name}`;
        this.name(volumes, path, `snapshot of ${volume.source.text}`, line('snapshot'), 'snapshot.name:');
        this.isNoSource(spec, path, 'snapshot', line('snapshot'));
      }
    });
  }

  isNoSource(spec: Spec, path: string, what: string, range: Range): void {
    if (!spec.volumes.some(({ source }) => source.text === path)) return;
    this.error(range, 'twice', `${path} is a source, so no ${what} can have that name`);
  }

  name(taken: Map<string, string>, path: string, what: string, range: Range, key: string): void {
    const other = taken.get(path);
    if (other === undefined) taken.set(path, what);
    else
      this.error(
        range,
        'twice',
        `${path} would be the ${other} and the ${what}`,
        `give one of them a name of its own (${key})`,
      );
  }

  unusedSets(file: SpecFile): void {
    const used = new Set(file.volumes.map(({ set }) => set));
    for (const name of Object.keys(file.sets ?? {})) {
      if (used.has(name)) continue;
      this.found.push({
        code: 'unused-set',
        severity: 'warning',
        message: `no volume belongs to the set ${name}`,
        range: this.places.key(['sets', name]),
      });
    }
  }
}
