import { constants, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { requireMountedAt, whileUnwritten, writableMountOf } from '../../src/apply/device-mounts.ts';
import { loopDevice, whyNoLoopDevices } from '../copy/loop-device.ts';

const line = (device: string, point: string, options = 'rw,relatime', superOptions = 'rw') =>
  `36 35 8:1 / ${point} ${options} shared:1 - ext4 ${device} ${superOptions}`;

test('only what is uppermost at the point is frozen', () => {
  const both = [
    line('/dev/sdx1', '/boot'),
    line('/dev/sdy1', '/boot'),
    line('/dev/sdz1', '/mnt/x\\040y'),
  ].join('\n');
  expect(() => requireMountedAt('/dev/sdy1', '/boot', both)).not.toThrow();
  expect(() => requireMountedAt('/dev/sdz1', '/mnt/x y', both)).not.toThrow();
  expect(() => requireMountedAt('/dev/sdx1', '/boot', both)).toThrow('/dev/sdy1 is mounted there now');
  // fsfreeze would take the folder for what it lies in.
  expect(() => requireMountedAt('/dev/sdx1', '/boot', line('/dev/sda1', '/'))).toThrow(
    'nothing is mounted there now',
  );
});

test('a mount for writing is one where neither the mount nor the file system is read-only', () => {
  expect(writableMountOf('/dev/sdx1', line('/dev/sdx1', '/a'))).toBe('/a');
  expect(writableMountOf('/dev/sdx1', line('/dev/sdx1', '/a', 'ro,relatime'))).toBeNull();
  expect(writableMountOf('/dev/sdx1', line('/dev/sdx1', '/a', 'rw', 'ro'))).toBeNull();
  expect(writableMountOf('/dev/sdx1', line('/dev/sdy1', '/a'))).toBeNull();
});

describe('a device', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mounts-'));
  const whyNot = whyNoLoopDevices(folder);
  if (whyNot !== null) console.warn(`no test on a device that is claimed: ${whyNot}`);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.skipIf(whyNot !== null)(
    'that nobody has mounted is claimed as long as it is worked with',
    async () => {
      const { path, detach } = loopDevice(join(folder, 'disk'), 1024 * 1024, 512);
      const claim = () => open(path, constants.O_RDONLY | constants.O_EXCL).then((handle) => handle.close());
      try {
        await whileUnwritten(path, () => expect(claim()).rejects.toThrow('EBUSY'));
        await claim();
        await expect(whileUnwritten(path, () => Promise.reject(new Error('it failed')))).rejects.toThrow(
          'it failed',
        );
        await claim();
      } finally {
        detach();
      }
    },
  );
});
