/** Tells of a copy that stands still: a device that does not answer stops it without a word. */
import { reasonOfStandstill, type SlowNote } from '../lvm/slow-command.ts';
import { type RunCommand, runCommand } from '../lvm/spawn.ts';
import type { CopyAction } from '../plan/action.ts';
import type { ApplyEvent } from './events.ts';

/** In seconds. */
const PATIENCE = 30;

export class Standstill {
  #copy: CopyAction | null = null;
  #done = -1;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly tell: (copy: CopyAction, note: SlowNote) => void,
    readonly options: { readonly patience?: number; readonly ask?: RunCommand } = {},
  ) {}

  /** Takes note of an event. */
  see(event: ApplyEvent): void {
    switch (event.type) {
      case 'action.start':
        this.#begin(event.action.type === 'copy' ? event.action : null);
        break;
      case 'action.progress':
        if (event.progress.done !== this.#done) this.#begin(this.#copy);
        this.#done = event.progress.done;
        break;
      case 'action.done':
      case 'action.failed':
        this.#begin(null);
    }
  }

  #begin(copy: CopyAction | null): void {
    clearTimeout(this.#timer);
    this.#copy = copy;
    if (copy) this.#wait(copy, 0, this.options.patience ?? PATIENCE);
  }

  #wait(copy: CopyAction, from: number, until: number): void {
    const timer = setTimeout(
      async () => {
        const hint = await reasonOfStandstill(this.options.ask ?? runCommand);
        if (this.#timer !== timer) return;
        const message = `the copy of ${copy.source} to ${copy.target} has stood still for ${until} s`;
        this.tell(copy, { message, hint });
        this.#wait(copy, until, until * 2);
      },
      (until - from) * 1000,
    );
    this.#timer = timer.unref();
  }
}
