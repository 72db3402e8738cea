import { expect, test } from 'vitest';
import { type SlowNote, tellingOfSlow } from '../../src/lvm/slow-command.ts';
import type { CommandResult, RunCommand } from '../../src/lvm/spawn.ts';

const result = (argv: readonly string[], stdout = ''): CommandResult => ({
  ...{ argv, exitCode: 0, signal: null, stdout, stderr: '' },
});

const kernel =
  (said: string): RunCommand =>
  async (argv) =>
    result(argv, said);

/** A command that ends when the test says so. */
function hanging() {
  let end: () => void = () => {};
  const run: RunCommand = (argv) => new Promise((resolve) => (end = () => resolve(result(argv))));
  return { run, end: () => end() };
}

test('a command that does not end is told of by name, with what is suspended, and waited for', async () => {
  const { run, end } = hanging();
  const notes: SlowNote[] = [];
  const told = new Promise<void>((resolve) => {
    const tell = (note: SlowNote) => {
      notes.push(note);
      if (notes.length === 2) resolve();
    };
    const patient = tellingOfSlow(run, tell, {
      patience: 0.02,
      ask: kernel(' Active S-home\n Suspended S-root\n'),
    });
    void patient(['lvremove', '-y', 'S/root-snap']).then((done) => expect(done.exitCode).toBe(0));
  });
  await told;
  end();
  expect(notes[0]?.message).toBe('lvremove -y S/root-snap has not come to its end for 0.02 s');
  expect(notes[1]?.message).toContain('0.04 s');
  expect(notes[0]?.hint).toBe('suspended: S-root; when nothing else is at work on it: dmsetup resume S-root');
});

test('one that ends in time is not told of, nor is one that is over when the kernel answers', async () => {
  const notes: SlowNote[] = [];
  const quick = tellingOfSlow(kernel(''), (note) => notes.push(note), { patience: 0.02, ask: kernel('') });
  await quick(['lvs']);
  const { run, end } = hanging();
  const ask: RunCommand = async (argv) => {
    end();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return result(argv);
  };
  await tellingOfSlow(run, (note) => notes.push(note), { patience: 0.02, ask })(['lvs']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(notes).toEqual([]);
});
