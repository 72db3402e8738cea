/** Each command line of lvmbackup that a text for people shows is run, in its order, on the machine that they tell of. */
import { afterAll, expect, test } from 'vitest';
import { blocksOf, commandLines, PAGES } from '../docs/pages.ts';
import { expectNothingLeft, MiB, machine } from './backup.ts';
import { FILE } from './guide-machine.ts';
import { PROGRAM, sh } from './tool.ts';
import type { Lab } from './vm.ts';

let on: Lab | undefined;
afterAll(() => on?.close());

const MACHINE = `
  vgcreate -q VolGroupSSD /dev/vda
  for name in lvolroot lvolhome; do
    lvcreate -q -y -l 8 -n $name VolGroupSSD
    mke2fs -q -t ext4 /dev/VolGroupSSD/$name; mkdir -p /mnt/$name; mount /dev/VolGroupSSD/$name /mnt/$name
    head -c 3000000 /dev/urandom > /mnt/$name/before
  done
  lvcreate -q -y -l 100%FREE -n rest VolGroupSSD
  printf 'size=140MiB\\nsize=300MiB\\n' | sfdisk -q --label gpt /dev/vdb
  vgcreate -q vg /dev/vdc; lvcreate -q -y -l 4 -n disk vg; head -c 16777216 /dev/urandom > /dev/vg/disk
  mkdir -p /srv /dev/disk/by-id /var/lib/node_exporter /var/lib/prometheus/node-exporter
  ln -s /dev/vdd /dev/disk/by-id/usb-spare
`;

/** What people have done before they write the line, as the text around it says. */
const BEFORE: readonly (readonly [line: RegExp, script: string])[] = [
  // The file of the guide, in place of the one that init proposed.
  [/^validate$/, `cat > /root/backup.yaml <<'END'\n${FILE}END`],
  [/^restore VolGroupSSD\/lvolhome$/, 'umount /mnt/lvolhome'],
  [/^restore .*--to/, 'lvremove -q -y VolGroupSSD/rest'],
  // The rescue system has nothing mounted.
  [/^restore VolGroupSSD\/lvolroot$/, 'umount /mnt/lvolroot'],
  [/^plan .*--state state.json/, '$lvmbackup state --out state.json'],
  [/^diff main.yaml/, 'sed s/20h/40h/ backup.yaml > main.yaml'],
  [/^copy disk.img/, 'cp /srv/disk.img /root/disk.img'],
];

/** Without a question: there is no terminal. */
const ASKS = /^(apply|restore|copy)\b/;

test.runIf(process.env.FULL !== undefined)(
  'every command line of the README and of docs works where it stands',
  async () => {
    on = await machine([110, 460, 40, 40], MACHINE);
    const lab = on;
    const lines = PAGES.flatMap(blocksOf).flatMap(({ text }) => commandLines(text));
    expect(lines.length).toBeGreaterThan(20);
    for (const words of lines) {
      const line = words.join(' ');
      const program = `${process.execPath} ${PROGRAM}`;
      for (const [which, script] of BEFORE) {
        if (which.test(line)) await sh(lab, `cd /root; lvmbackup="${program}"; ${script}`);
      }
      const argv = [process.execPath, PROGRAM, ...words, ...(ASKS.test(line) ? ['-y'] : [])];
      const { exitCode, stdout, stderr } = await lab.run(argv, { cwd: '/root' });
      expect(exitCode, `lvmbackup ${line}\n${stdout}${stderr}`).toBe(0);
    }
    await expectNothingLeft(lab);
    expect((await sh(lab, 'stat -c %s /srv/disk.img')).trim()).toBe(String(16 * MiB));
  },
  900_000,
);
