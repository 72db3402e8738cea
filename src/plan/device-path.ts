/** Where the kernel shows it: `VG/LV` under /dev, a device's own path as it is. */
export function devicePath(name: string): string {
  return name.startsWith('/') ? name : `/dev/${name}`;
}
