/** How a restore point's file system is mounted, so that neither it nor its origin beside it is disturbed. */
import type { Journal } from '../lvm/journal.ts';

export type MountWay =
  | {
      readonly kind: 'mount';
      readonly type: string;
      readonly options: string;
      /** The journal is replayed into a layer that is thrown away: the point itself is never written to. */
      readonly overlay: boolean;
    }
  | { readonly kind: 'refuse'; readonly what: string; readonly hint: string };

/** `signature`: what blkid finds. */
export function mountWay(signature: string | null, journal: Journal): MountWay {
  const overlay = journal === 'dirty' || journal === 'unknown';
  const way = (type: string, options: string): MountWay => ({ kind: 'mount', type, options, overlay });
  switch (signature) {
    case null:
      return refuse('no file system that blkid knows', COPY);
    case 'ext3':
    case 'ext4':
      return way(signature, overlay || journal === 'none' ? 'ro' : 'ro,noload');
    case 'xfs':
      // Its UUID is that of its origin, which may be mounted.
      return way('xfs', overlay ? 'ro,nouuid' : 'ro,nouuid,norecovery');
    case 'btrfs':
      return refuse(
        'btrfs, which takes every device with its UUID for its own: mounted beside its origin it could damage both',
        'restore it to a new volume on a machine that does not have the origin',
      );
    case 'crypto_LUKS':
      return refuse('an encrypted volume (LUKS)', COPY);
    case 'swap':
      return refuse('swap', COPY);
    case 'gpt':
    case 'dos':
      return refuse('partitions', COPY);
    default:
      return signature.endsWith('_member')
        ? refuse(`a part of something else (${signature})`, COPY)
        : way(signature, 'ro');
  }
}

const COPY = 'restore it to a new volume, and open that: lvmbackup restore SOURCE --to VG/LV';

function refuse(what: string, hint: string): MountWay {
  return { kind: 'refuse', what, hint };
}
