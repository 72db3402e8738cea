/** A program that runs in the guest. */
import type { Answer, Channel } from './channel.ts';

export interface Finished {
  readonly argv: readonly string[];
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface JobOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, which ends after it. */
  readonly input?: string;
}

export class Job {
  readonly argv: readonly string[];
  readonly #channel: Channel;
  readonly #id: number;
  readonly #watchers = new Set<() => void>();
  readonly #end: Promise<Finished>;
  stdout = '';
  stderr = '';
  #over = false;

  /** `keepInput`: standard input stays open for `input()`. */
  constructor(channel: Channel, argv: readonly string[], options: JobOptions, keepInput: boolean) {
    this.argv = argv;
    this.#channel = channel;
    this.#id = channel.nextId();
    this.#end = new Promise((resolve, reject) => {
      const fail = (reason: Error): void => {
        this.#finish();
        reject(reason);
      };
      channel.listen(this.#id, { fail, hear: (answer) => this.#hear(answer, resolve, fail) });
    });
    this.#end.catch(() => {}); // Told to whoever waits; nobody has to.
    const stdin = keepInput ? null : (options.input ?? '');
    channel.send({ id: this.#id, op: 'start', argv, cwd: options.cwd, env: options.env, stdin });
  }

  /** Its end. Rejects only where it could not be started or the machine died. */
  wait(): Promise<Finished> {
    return this.#end;
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#channel.send({ id: this.#id, op: 'kill', signal });
  }

  /** Text for its standard input, or keys for its terminal: `\x03` is Ctrl-C. */
  input(text: string): void {
    this.#channel.send({ id: this.#id, op: 'input', text });
  }

  endInput(): void {
    this.#channel.send({ id: this.#id, op: 'endInput' });
  }

  /** Waits until its standard output and standard error, one after the other, match. Rejects where it ends before. */
  until(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(this.stdout) || pattern.test(this.stderr)) resolve();
        else if (this.#over) reject(new Error(`it ended without ${pattern}:\n${this.stdout}${this.stderr}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  #hear(answer: Answer, resolve: (finished: Finished) => void, fail: (reason: Error) => void): void {
    this.stdout += answer.out ?? '';
    this.stderr += answer.err ?? '';
    if (answer.error !== undefined) fail(new Error(`${this.argv.join(' ')}: ${answer.error}`));
    if (answer.exitCode !== undefined) {
      const { exitCode, signal = null } = answer;
      this.#finish();
      resolve({ argv: this.argv, exitCode, signal, stdout: this.stdout, stderr: this.stderr });
    }
    for (const look of this.#watchers) look();
  }

  #finish(): void {
    this.#over = true;
    this.#channel.forget(this.#id);
    for (const look of this.#watchers) look();
  }
}
