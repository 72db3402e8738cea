/**
 * A command that does not come to its end is told of by name: LVM waits for ever for a device that is suspended or
 * whose disk does not answer. It is waited for all the same; to kill LVM in the middle of its work is no help.
 */
import { type RunCommand, runCommand } from './spawn.ts';

export interface SlowNote {
  /** One sentence: which command, and for how long. */
  readonly message: string;
  /** What may be the reason. */
  readonly hint: string;
}

/** Longer than LVM itself waits for anything that is as it should be. */
const PATIENCE = 30;

/** The same commands; `tell` hears of one that takes long, and again each time that it has taken twice as long. */
export function tellingOfSlow(
  run: RunCommand,
  tell: (note: SlowNote) => void,
  { patience = PATIENCE, ask = runCommand }: { readonly patience?: number; readonly ask?: RunCommand } = {},
): RunCommand {
  return async (argv) => {
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const wait = (from: number, until: number) => {
      timer = setTimeout(
        async () => {
          const hint = await reasonOfStandstill(ask);
          if (over) return;
          tell({ message: `${argv.join(' ')} has not come to its end for ${until} s`, hint });
          wait(until, until * 2);
        },
        (until - from) * 1000,
      );
      timer.unref();
    };
    wait(0, patience);
    try {
      return await run(argv);
    } finally {
      over = true;
      clearTimeout(timer);
    }
  };
}

/** Asks the kernel alone, which answers whatever devices do. */
export async function reasonOfStandstill(ask: RunCommand): Promise<string> {
  const suspended = suspendedIn(await listOf(ask));
  if (suspended.length === 0) {
    return 'it waits for a device that does not answer, or for another program: look at the end of dmesg';
  }
  const resume = suspended.map((name) => `dmsetup resume ${name}`).join('; ');
  return `suspended: ${suspended.join(', ')}; when nothing else is at work on it: ${resume}`;
}

async function listOf(ask: RunCommand): Promise<string> {
  try {
    const argv = ['dmsetup', 'info', '-c', '--noheadings', '--separator', ' ', '-o', 'suspended,name'];
    return (await ask(argv)).stdout;
  } catch {
    return '';
  }
}

function suspendedIn(list: string): string[] {
  return [...list.matchAll(/^\s*Suspended (\S+)$/gm)].map(([, name]) => name ?? '');
}
