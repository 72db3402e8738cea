import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireMountedAt, whileUnwritten, writableMountOf } from '../../src/apply/device-mounts.ts';

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

test('what nobody has mounted is worked with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mounts-'));
  writeFileSync(join(folder, 'device'), 'x');
  expect(await whileUnwritten(join(folder, 'device'), async () => 5)).toBe(5);
  rmSync(folder, { recursive: true });
});
