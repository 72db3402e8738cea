/** Questions to the guest's agent and its answers: JSON lines over a socket. */
import type { Duplex } from 'node:stream';

/** What the agent says about one question; which fields there are depends on the question. */
export interface Answer {
  readonly id: number;
  readonly out?: string;
  readonly err?: string;
  readonly exitCode?: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly base64?: string;
  readonly done?: boolean;
  readonly error?: string;
}

interface Listener {
  readonly hear: (answer: Answer) => void;
  readonly fail: (reason: Error) => void;
}

export class Channel {
  readonly #listeners = new Map<number, Listener>();
  readonly #socket: Duplex;
  #lastId = 0;
  #rest = '';
  #broken: Error | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => {}); // That the machine is gone is told by its process.
  }

  /** Listens to answers of number `id`; the agent's greeting has number 0. */
  listen(id: number, listener: Listener): void {
    if (this.#broken) listener.fail(this.#broken);
    else this.#listeners.set(id, listener);
  }

  forget(id: number): void {
    this.#listeners.delete(id);
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  send(message: { readonly id: number; readonly op: string; readonly [key: string]: unknown }): void {
    if (!this.#broken) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Whatever is waited for fails with this reason, from now on too. */
  break(reason: Error): void {
    this.#broken = reason;
    for (const { fail } of this.#listeners.values()) fail(reason);
    this.#listeners.clear();
    this.#socket.destroy();
  }

  /** One question, one answer. Rejects with what the agent or the machine's end says. */
  ask(op: string, message: Readonly<Record<string, unknown>>): Promise<Answer> {
    const id = this.nextId();
    return new Promise((resolve, reject) => {
      const hear = (answer: Answer): void => {
        this.forget(id);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(`in the lab: ${answer.error}`));
      };
      this.listen(id, { hear, fail: reject });
      this.send({ id, op, ...message });
    });
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = JSON.parse(line) as Answer;
      this.#listeners.get(answer.id)?.hear(answer);
    }
  }
}
