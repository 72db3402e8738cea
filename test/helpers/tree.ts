/** The command tree as data, without a process around it. */
import { processIo } from '../../src/commands/io.ts';
import { outlineOf } from '../../src/commands/tree/outline.ts';
import { commandTree } from '../../src/commands/tree/tree.ts';
import type { CommandOutline } from '../../src/views/command-outline.ts';

export function outline(): CommandOutline {
  return outlineOf(commandTree({ io: processIo(true), version: '0.0.0-test', done: () => {} }));
}
