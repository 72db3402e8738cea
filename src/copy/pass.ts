/** One pass over blocks: as many at once as there are lanes, their results in the order of the blocks. */
import type { BlockDone, BlockTask } from './block.ts';
import type { Lane } from './lanes.ts';
import type { RateLimit } from './rate.ts';

export interface Pass<Task extends BlockTask> {
  readonly lanes: readonly Lane[];
  readonly tasks: AsyncGenerator<Task>;
  readonly rate: RateLimit | null;
  readonly signal: AbortSignal;
  /** A block that may not be written yet was found to need it: after this it may. */
  readonly beforeFirstWrite?: () => Promise<void>;
  /** Called for one block after the other, in their order. */
  readonly onDone: (task: Task, done: BlockDone) => Promise<void> | void;
}

/** Blocks that may be done before one that takes long: what waits for it is in memory. */
const AHEAD = 4096;

/** What the lane threw that failed first: after it the others begin nothing more. */
interface Stop {
  failed: boolean;
  error: unknown;
}

/** Throws what the first lane that failed threw, or the signal's reason; every lane is at rest then. */
export async function runPass<Task extends BlockTask>(pass: Pass<Task>): Promise<void> {
  const order = new InOrder<{ task: Task; done: BlockDone }>(({ task, done }) => pass.onDone(task, done));
  const numbered = withNumbers(pass.tasks);
  const stop: Stop = { failed: false, error: undefined };
  await Promise.all(pass.lanes.map((lane) => workThrough(pass, lane, numbered, order, stop)));
  if (stop.failed) throw stop.error;
}

/** Never throws: what goes wrong is in `stop`. */
async function workThrough<Task extends BlockTask>(
  pass: Pass<Task>,
  lane: Lane,
  tasks: AsyncGenerator<{ number: number; task: Task }>,
  order: InOrder<{ task: Task; done: BlockDone }>,
  stop: Stop,
): Promise<void> {
  try {
    for (;;) {
      const next = await tasks.next();
      if (next.done) return;
      const { number, task } = next.value;
      await order.room(number, stop);
      await pass.rate?.pass(task.length, pass.signal);
      pass.signal.throwIfAborted();
      if (stop.failed) return;
      await order.put(number, { task, done: await runTask(pass, lane, task) });
    }
  } catch (error) {
    if (!stop.failed) Object.assign(stop, { failed: true, error });
    order.wake();
  }
}

async function runTask<Task extends BlockTask>(pass: Pass<Task>, lane: Lane, task: Task): Promise<BlockDone> {
  const done = await lane.run(task);
  if (!done.held || task.op !== 'copy') return done;
  await pass.beforeFirstWrite?.();
  return lane.run({ ...task, mayWrite: true });
}

async function* withNumbers<Task>(
  tasks: AsyncGenerator<Task>,
): AsyncGenerator<{ number: number; task: Task }> {
  let number = 0;
  for await (const task of tasks) yield { number: number++, task };
}

/** Takes results as they come and gives them on in order, one at a time. */
class InOrder<T> {
  readonly #waiting = new Map<number, T>();
  #next = 0;
  #giving: Promise<void> = Promise.resolve();
  #woken: (() => void)[] = [];

  constructor(readonly give: (value: T) => Promise<void> | void) {}

  /** Waits while a result would lie too far ahead. */
  async room(number: number, stop: Stop): Promise<void> {
    while (number - this.#next >= AHEAD && !stop.failed) {
      await new Promise<void>((resolve) => this.#woken.push(resolve));
    }
  }

  /** Throws what `give` threw. */
  async put(number: number, value: T): Promise<void> {
    this.#waiting.set(number, value);
    this.#giving = this.#giving.then(() => this.#giveReady());
    await this.#giving;
    this.wake();
  }

  wake(): void {
    for (const resolve of this.#woken.splice(0)) resolve();
  }

  async #giveReady(): Promise<void> {
    for (let ready = this.#waiting.get(this.#next); ready; ready = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      await this.give(ready);
      this.#next++;
    }
  }
}
