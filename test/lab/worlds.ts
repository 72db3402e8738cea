/** Machines for the cut matrix: each kind of job that a run may do. */
export interface World {
  readonly name: string;
  /** In MiB. */
  readonly disks: readonly number[];
  readonly script: string;
  readonly file: string;
  /** Volumes whose bytes are what they were, whatever is cut. */
  readonly origins: readonly string[];
  /** A disk that is blank again afterwards. */
  readonly lent: string | null;
  /** A refresh never writes over the newest whole copy. */
  readonly keepsOlder?: true;
  /** The disks that the first run makes the backup group of. Every later run is as in the other worlds. */
  readonly groupOf?: readonly string[];
}

const B = 'version: 1\ngroup: {name: B}\n';
const POOL = 'version: 1\ngroup: {name: B, pool: {name: p, size: 95%FREE, metadata: 4MiB}}\n';

export const WORLDS: readonly World[] = [
  {
    name: 'thick, with a lent device',
    disks: [25, 60, 40],
    script: `
      vgcreate -q S /dev/vda; lvcreate -q -y -l 100%FREE -n root S
      head -c 25165824 /dev/urandom > /dev/S/root; vgcreate -q B /dev/vdb`,
    file: `${B}volumes: [{source: S/root, snapshot: {lend: /dev/vdc}}]\n`,
    origins: ['S/root'],
    lent: '/dev/vdc',
  },
  {
    name: 'thick, on one disk',
    disks: [120],
    script:
      'vgcreate -q B /dev/vda; lvcreate -q -y -l 4 -n root B; head -c 16777216 /dev/urandom > /dev/B/root',
    file: `${B}volumes: [{source: B/root}]\n`,
    origins: ['B/root'],
    lent: null,
  },
  {
    name: 'a set of two',
    disks: [100, 100],
    script: `
      vgcreate -q S /dev/vda; vgcreate -q B /dev/vdb
      for n in a b; do lvcreate -q -y -l 3 -n $n S; head -c 12582912 /dev/urandom > /dev/S/$n; done`,
    file: `${B}sets: {s: {}}\nvolumes: [{source: S/a, set: s}, {source: S/b, set: s}]\n`,
    origins: ['S/a', 'S/b'],
    lent: null,
  },
  {
    name: 'a backup group that is made',
    disks: [40, 40, 40],
    script:
      'vgcreate -q S /dev/vda; lvcreate -q -y -l 3 -n data S; head -c 12582912 /dev/urandom > /dev/S/data',
    file: 'version: 1\ngroup: {name: B, devices: [/dev/vdb, /dev/vdc]}\nvolumes: [{source: S/data}]\n',
    origins: ['S/data'],
    lent: null,
    groupOf: ['/dev/vdb', '/dev/vdc'],
  },
  {
    name: 'two copies in turn',
    disks: [40, 60],
    script: `
      vgcreate -q S /dev/vda; lvcreate -q -y -l 3 -n data S
      head -c 12582912 /dev/urandom > /dev/S/data; vgcreate -q B /dev/vdb`,
    file: `${B}volumes: [{source: S/data, keep: {last: 2}}]\n`,
    origins: ['S/data'],
    lent: null,
    keepsOlder: true,
  },
  {
    name: 'points in a pool',
    disks: [64, 160],
    script: `
      vgcreate -q S /dev/vda; lvcreate -q -y -l 3 -n data S
      head -c 12582912 /dev/urandom > /dev/S/data; vgcreate -q B /dev/vdb`,
    file: `${POOL}volumes: [{source: S/data, keep: {last: 1}}]\n`,
    origins: ['S/data'],
    lent: null,
    keepsOlder: true,
  },
  {
    name: 'tracked, thick and thin',
    disks: [200, 100],
    script: `
      vgcreate -q S /dev/vda; lvcreate -q -y -l 3 -n thick S
      lvcreate -q -y --type thin-pool -l 12 --chunksize 64k -n pool S; lvcreate -q -y --thin -V 12m -n thin S/pool
      for n in thick thin; do head -c 12582912 /dev/urandom > /dev/S/$n; done; vgcreate -q B /dev/vdb`,
    file: `${B}defaults: {tracking: snapshot}\nvolumes: [{source: S/thick}, {source: S/thin}]\n`,
    origins: ['S/thick', 'S/thin'],
    lent: null,
  },
];
