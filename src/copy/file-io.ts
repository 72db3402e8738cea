/** Reading and writing at a place of a file descriptor: waiting for it, or blocking the thread. */
import { read, readSync, write, writeSync } from 'node:fs';
import type { FileIo } from './endpoint.ts';

type Callback = (error: Error | null, count: number) => void;

function promised(begin: (done: Callback) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    begin((error, count) => (error ? reject(error) : resolve(count)));
  });
}

export const WAITING: FileIo = {
  read: (fd, buffer, offset) => promised((done) => read(fd, buffer, 0, buffer.length, offset, done)),
  write: (fd, buffer, offset) => promised((done) => write(fd, buffer, 0, buffer.length, offset, done)),
};

/** For threads that have nothing else to do: no way through the event loop and the pool. */
export const BLOCKING: FileIo = {
  read: async (fd, buffer, offset) => readSync(fd, buffer, 0, buffer.length, offset),
  write: async (fd, buffer, offset) => writeSync(fd, buffer, 0, buffer.length, offset),
};
