/**
 * Runs in the guest and does what the test on the host asks: starts programs, hands their output over, reads and
 * writes files. One JSON document a line, both ways, over a virtio port. It ends when the host hangs up.
 *
 * asked:    { id, op: 'start', argv, cwd?, env?, stdin }  stdin: text, or null to keep it open
 *           { id, op: 'input', text } { id, op: 'endInput' } { id, op: 'kill', signal }   of that start
 *           { id, op: 'write', path, base64, mode? } { id, op: 'read', path }
 * answered: { id, out } { id, err } { id, exitCode, signal }, { id, base64 }, { id, done }, { id, error }
 */
import { spawn } from 'node:child_process';
import { openSync, read, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

/** The second port: the first is the kernel's own. */
const portName = readdirSync('/dev').find((name) => /^vport\d+p1$/.test(name));
const port = openSync(`/dev/${portName}`, 'r+');
const children = new Map();

function answer(message) {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < line.length; ) sent += writeSync(port, line, sent);
}

const operations = {
  start({ id, argv, cwd, env, stdin }) {
    const [program, ...rest] = argv;
    const child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
    children.set(id, child);
    child.stdout.setEncoding('utf8').on('data', (out) => answer({ id, out }));
    child.stderr.setEncoding('utf8').on('data', (err) => answer({ id, err }));
    child.stdin.on('error', () => {}); // It need not read what it is given.
    if (stdin !== null) child.stdin.end(stdin);
    child.on('error', ({ message }) => answer({ id, error: message }));
    child.on('close', (exitCode, signal) => {
      children.delete(id);
      answer({ id, exitCode, signal });
    });
  },
  input({ id, text }) {
    children.get(id)?.stdin.write(text);
  },
  endInput({ id }) {
    children.get(id)?.stdin.end();
  },
  kill({ id, signal }) {
    children.get(id)?.kill(signal);
  },
  write({ id, path, base64, mode }) {
    writeFileSync(path, Buffer.from(base64, 'base64'), { mode });
    answer({ id, done: true });
  },
  read({ id, path }) {
    answer({ id, base64: readFileSync(path).toString('base64') });
  },
};

function obey(line) {
  const message = JSON.parse(line);
  try {
    operations[message.op](message);
  } catch (error) {
    answer({ id: message.id, error: error.message });
  }
}

let rest = Buffer.alloc(0);
function listen(buffer = Buffer.alloc(1 << 16)) {
  read(port, buffer, 0, buffer.length, null, (error, count) => {
    if (error || count === 0) process.exit();
    const lines = Buffer.concat([rest, buffer.subarray(0, count)]);
    const end = lines.lastIndexOf(10) + 1;
    rest = Buffer.from(lines.subarray(end));
    for (const line of lines.subarray(0, end).toString().split('\n')) if (line !== '') obey(line);
    listen(buffer);
  });
}

answer({ id: 0, done: true });
listen();
