/** `MAJOR:MINOR` of a device number, as the kernel packs the two for its programs (glibc's `major` and `minor`). */
export function majorMinor(number: number | bigint): string {
  const device = BigInt(number);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
