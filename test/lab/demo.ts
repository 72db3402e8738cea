/** The main job on real LVM, shown: a full group, a device to lend, a disk for the backups. Run by `npm run demo`. */
import { FILE, prepareGuide } from './guide-machine.ts';
import { lvmbackup } from './tool.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);

say('Booting a small machine with real LVM ...');
const lab = await prepareGuide();
try {
  say(`\nIts backup.yaml:\n${FILE}`);
  for (const args of [['validate'], ['plan'], ['apply', '-y'], ['plan']]) {
    say(`\n# lvmbackup ${args.join(' ')}\n`);
    const { stdout, stderr, exitCode } = await lvmbackup(lab, ...args);
    say(`${stderr}${stdout}`.trimEnd());
    say(`(exit code ${exitCode})`);
    if (exitCode !== 0) process.exitCode = 1;
  }
  say('\n# lvs -o+lv_tags\n');
  say(await lab.ok('lvs', '-o', 'vg_name,lv_name,lv_size,lv_active,lv_tags'));
} finally {
  await lab.close();
}
