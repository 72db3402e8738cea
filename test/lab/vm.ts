/**
 * One virtual machine with real LVM, and a typed handle to it. The guest sees the host's files read-only under a
 * layer of RAM, and disks of its own; the host's disks are not there for it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Channel } from './channel.ts';
import { type DiskSpec, type LabDisk, makeDisks, removeDisks } from './disks.ts';
import { type Finished, Job, type JobOptions } from './job.ts';
import { labMachine } from './machine.ts';
import { AGENT_FD, qemuArgv, type Services } from './qemu.ts';
import { underTerminal } from './tty.ts';

export interface LabOptions {
  readonly disks?: readonly DiskSpec[];
  /** In MiB. */
  readonly memory?: number;
  readonly services?: Services;
  /** 32 hex digits; each machine has its own unless it is given. */
  readonly machineId?: string;
  readonly kernelArgs?: readonly string[];
}

export interface RunOptions extends JobOptions {
  /** In milliseconds: it is killed and the call rejects. Default 4 minutes. */
  readonly timeout?: number;
}

/** Generous, for two machines may share one core: what hangs ends here, what is slow does not. */
const BOOT_LIMIT = 120_000;
const RUN_LIMIT = 240_000;

const CONSOLE = '; its console ends with:\n';

/**
 * One boot in some thousands hangs in the emulator, before the agent is there: then it is booted once more. No test has
 * asked for anything yet, so nothing of what is tested is hidden by that; the second time the kernel tells all it does.
 */
export async function bootLab(options: LabOptions = {}): Promise<Lab> {
  const disks = makeDisks(options.disks ?? []);
  try {
    return await boot(options, disks);
  } catch (error) {
    console.error(`booted once more, for ${(error as Error).message}`);
    return boot({ ...options, kernelArgs: [...(options.kernelArgs ?? []), 'ignore_loglevel'] }, disks);
  }
}

async function boot(options: LabOptions, disks: readonly LabDisk[]): Promise<Lab> {
  const [program = '', ...argv] = qemuArgv({
    machine: labMachine(),
    disks,
    memory: options.memory ?? 2048,
    services: options.services ?? 'none',
    machineId: options.machineId ?? randomBytes(16).toString('hex'),
    kernelArgs: options.kernelArgs ?? [],
  });
  const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as const;
  const lab = new Lab(spawn(program, argv, { stdio: [...stdio] }), disks);
  await lab.booted();
  return lab;
}

export class Lab {
  readonly disks: readonly LabDisk[];
  readonly #process: ChildProcess;
  readonly #channel: Channel;
  readonly #gone: Promise<void>;
  #console = '';

  constructor(process: ChildProcess, disks: readonly LabDisk[]) {
    this.disks = disks;
    this.#process = process;
    this.#channel = new Channel(process.stdio[AGENT_FD] as Duplex);
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.#console = (this.#console + data.toString()).slice(-20_000);
      });
    }
    this.#gone = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#channel.break(this.#failure(`the machine is gone (${how})`));
        resolve();
      };
      process.on('error', ({ message }) => end(message));
      process.on('close', (code, signal) => end(`qemu ended with ${signal ?? code}`));
    });
    killWithUs(process);
  }

  /** Waits for the agent's greeting. */
  async booted(): Promise<void> {
    try {
      await within<void>(BOOT_LIMIT, 'the machine does not boot', (resolve, reject) =>
        this.#channel.listen(0, { hear: () => resolve(), fail: reject }),
      );
    } catch (error) {
      const failure = this.#failure((error as Error).message.split(CONSOLE)[0] ?? '');
      await this.powerCut();
      throw failure;
    }
  }

  /** Runs a program to its end, whatever its exit code. Rejects where it hangs or the machine dies. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const job = new Job(this.#channel, argv, options, false);
    const limit = options.timeout ?? RUN_LIMIT;
    try {
      return await within(limit, `${argv.join(' ')} takes longer than ${limit} ms`, (resolve, reject) =>
        job.wait().then(resolve, reject),
      );
    } catch (error) {
      job.kill('SIGKILL');
      throw new Error(`${(error as Error).message}\n${job.stdout}${job.stderr}`);
    }
  }

  /** Runs a program that must succeed and gives its standard output. */
  async ok(...argv: readonly string[]): Promise<string> {
    const { exitCode, signal, stdout, stderr } = await this.run(argv);
    if (exitCode === 0) return stdout;
    throw new Error(`${argv.join(' ')} ended with ${signal ?? exitCode}\n${stdout}${stderr}`);
  }

  /** Starts a program that goes on meanwhile; its standard input stays open. */
  start(argv: readonly string[], options: JobOptions = {}): Job {
    return new Job(this.#channel, argv, options, true);
  }

  /** Starts a program under a terminal of its own, 80 columns wide: standard output and error come as one. */
  tty(argv: readonly string[], options: JobOptions & { readonly columns?: number } = {}): Job {
    return this.start(underTerminal(argv, options.columns ?? 80), options);
  }

  async write(path: string, content: string | Buffer, mode?: number): Promise<void> {
    await this.#channel.ask('write', { path, mode, base64: Buffer.from(content).toString('base64') });
  }

  async readBytes(path: string): Promise<Buffer> {
    return Buffer.from((await this.#channel.ask('read', { path })).base64 ?? '', 'base64');
  }

  async read(path: string): Promise<string> {
    return (await this.readBytes(path)).toString();
  }

  async modprobe(...modules: readonly string[]): Promise<void> {
    await this.ok('modprobe', '-a', ...modules);
  }

  /** The power is gone, at once. The disks keep what was written: give them to the next `bootLab`. */
  async powerCut(): Promise<readonly LabDisk[]> {
    this.#process.kill('SIGKILL');
    await this.#gone;
    return this.disks;
  }

  /** Ends the machine and removes the disks that it was given no file for. */
  async close(): Promise<void> {
    await this.powerCut();
    removeDisks(this.disks);
  }

  /** The last that the machine wrote to its console, for the reader of a failed test. */
  #failure(reason: string): Error {
    const lines = this.#console.trim().split(/\r?\n/).slice(-45);
    return new Error(`${reason}${CONSOLE}${lines.join('\n')}`);
  }
}

function within<T>(
  limit: number,
  what: string,
  start: (resolve: (value: T) => void, reject: (reason: Error) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(what)), limit);
    start(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (reason) => {
        clearTimeout(timer);
        reject(reason);
      },
    );
  });
}

/** A test run that ends early leaves no machine behind. */
function killWithUs(machine: ChildProcess): void {
  const kill = (): void => void machine.kill('SIGKILL');
  process.on('exit', kill);
  machine.on('close', () => process.off('exit', kill));
}
