/** All that can come of a crash, in worlds so small that nothing is left out. */
import { expect, test } from 'vitest';
import { trial } from '../helpers/faults.ts';
import { explore } from './explore.ts';
import { allWorlds } from './worlds.ts';

/**
 * Every world in the full run; else one in so many, a prime so that each choice meets each other one. `WORLDS=k/n` tries
 * the whole in shares.
 */
const [FROM, OF] = (process.env.WORLDS ?? (process.env.FULL ? '1/1' : '1/509')).split('/').map(Number);

test('wherever runs die, and however often: nothing is left, no torn copy is called complete, nothing foreign is touched', async () => {
  const worlds = allWorlds().filter((_, index) => index % Number(OF) === Number(FROM) - 1);
  const sum = { worlds: 0, refused: 0, states: 0, runs: 0 };
  await trial('model check', 'a crash in any state', async (count) => {
    for (const world of worlds) {
      const { states, runs, refused } = await explore(world);
      sum.worlds++;
      if (refused) sum.refused++;
      sum.states += states;
      sum.runs += runs;
    }
    count.tried = sum.states;
    count.survived = sum.states;
  });
  console.log(
    `model check: ${sum.worlds} worlds (${sum.refused} refused), ${sum.states} states, ${sum.runs} runs`,
  );
  expect(sum.worlds - sum.refused).toBeGreaterThan(2);
  expect(sum.states).toBeGreaterThan(sum.worlds * 20);
}, 14_400_000);
