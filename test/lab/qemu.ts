/** How the virtual machine is started. No KVM: the emulator works everywhere, and alike. */
import type { LabDisk } from './disks.ts';
import { type Machine, PROJECT } from './machine.ts';

/**
 * What runs beside LVM. None: no udevd, and LVM is told so. With udevd, LVM has its own defaults. With systemd as the
 * first process, which brings udevd and the journal.
 */
export type Services = 'none' | 'udev' | 'systemd';

export interface QemuOptions {
  readonly machine: Machine;
  readonly disks: readonly LabDisk[];
  /** In MiB. */
  readonly memory: number;
  readonly services: Services;
  readonly machineId: string;
  readonly kernelArgs: readonly string[];
}

/** File descriptor on which qemu finds the agent's port: a socket that the caller passes on. */
export const AGENT_FD = 3;

/** An old processor: what the newer ones add is emulated slowly, and LVM's commands took a sixth longer. */
const CPU = 'Nehalem';

/**
 * One each, for two machines run at a time on two cores or more. With two each, the four of them were in each other's
 * way: a run of lvmbackup took half as long again.
 */
const CPUS = '1';

export function qemuArgv(options: QemuOptions): string[] {
  const { machine, disks, memory } = options;
  return [
    'qemu-system-x86_64',
    ...['-accel', 'tcg,thread=multi', '-cpu', CPU, '-smp', CPUS, '-m', String(memory)],
    ...['-nographic', '-nodefaults', '-no-reboot', '-monitor', 'none', '-serial', 'stdio'],
    ...['-kernel', machine.kernel, '-initrd', machine.initramfs, '-append', kernelLine(options)],
    ...['-fsdev', 'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host'],
    ...['-chardev', `socket,id=agent,fd=${AGENT_FD}`],
    ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=agent'],
    ...disks.flatMap(diskArguments),
  ];
}

/**
 * Without `norandmaps` each process has its code at other addresses, and the emulator, which keeps what it translated
 * by address, begins anew with each: a run of lvmbackup took a quarter longer.
 */
const ADDRESSES = ['nokaslr', 'norandmaps'];

function kernelLine({ machine, services, machineId, kernelArgs }: QemuOptions): string {
  return [
    ...['console=ttyS0', 'loglevel=1', 'panic=-1', 'mitigations=off', ...ADDRESSES],
    ...['tsc=reliable', 'no_timer_check', 'random.trust_cpu=on'],
    `lab.node=${base64(process.execPath)}`,
    `lab.agent=${base64(`${PROJECT}/test/lab/guest/agent.mjs`)}`,
    `lab.modules=${base64(machine.modules)}`,
    `lab.services=${services}`,
    `lab.id=${machineId}`,
    ...kernelArgs,
  ].join(' ');
}

/** The kernel splits its command line at spaces, and paths may hold any. */
function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function diskArguments(disk: LabDisk, index: number): string[] {
  const sector = disk.logicalSector ?? 512;
  // A comma ends an option for qemu, two stand for one.
  const file = disk.file.replaceAll(',', ',,');
  const serial = disk.serial === undefined ? '' : `,serial=${disk.serial}`;
  return [
    '-drive',
    `if=none,id=disk${index},format=raw,cache=unsafe,aio=threads,discard=unmap,file=${file}`,
    '-device',
    `virtio-blk-pci,drive=disk${index},logical_block_size=${sector},physical_block_size=${sector}${serial}`,
  ];
}
