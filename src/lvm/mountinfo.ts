/** What is mounted, as the kernel tells it in /proc/self/mountinfo; of one point, the last mount is the uppermost. */
import { readFileSync, statSync } from 'node:fs';

export interface Mount {
  readonly point: string;
  /** `MAJOR:MINOR` of what it shows. A root of btrfs has a number of its own. */
  readonly number: string;
  readonly fileSystem: string;
  /** As whoever mounted it named it. */
  readonly device: string;
  /** This mount is; the file system may be mounted for writing elsewhere. */
  readonly readOnly: boolean;
  readonly writable: boolean;
}

/** `36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw` (proc(5)). */
export function mountsIn(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [fields = '', rest = ''] = line.split(' - ');
    const [, , number = '', , point, options = ''] = fields.split(' ');
    const [fileSystem = '', device = '', superOptions = ''] = rest.split(' ');
    if (point === undefined) return [];
    const writable = isIn('rw', options) && isIn('rw', superOptions);
    const names = { point: unescapeOctal(point), device: unescapeOctal(device) };
    return [{ ...names, number, fileSystem, readOnly: isIn('ro', options), writable }];
  });
}

const isIn = (option: string, options: string) => options.split(',').includes(option);

/** Of this process's own namespace. */
export function mountinfoNow(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}

/** The kernel writes spaces and the like as `\040`. */
function unescapeOctal(escaped: string): string {
  return escaped.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** By what they are: the kernel may know the device by another name. */
export function isSameDevice(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    const [one, other] = [statSync(a), statSync(b)];
    return one.isBlockDevice() && other.isBlockDevice() && one.rdev === other.rdev;
  } catch {
    return false;
  }
}
