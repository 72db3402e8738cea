import { expect, test } from 'vitest';
import { OWNED, tag } from '../../src/lvm/tags.ts';
import { pointIn, type RestorePoint } from '../../src/plan/restore-points.ts';
import { pointsText } from '../../src/views/points.ts';
import { PLAIN } from '../../src/views/style.ts';
import { aVolume } from '../helpers/machine.ts';
import { CLOCK } from '../helpers/specs.ts';

test('a point that has a time is shown with it', () => {
  const tags = [OWNED, tag('source', 'S/root'), tag('sourceid', 'a/b'), tag('state', 'complete')];
  const volume = aVolume('B', 'root-backup', 10, { tags: [...tags, tag('time', '2026-11-23T05:00:00Z')] });
  expect(pointsText([pointIn(volume) as RestorePoint], CLOCK, PLAIN)).toContain('2026-11-23T05:00:00Z  4 h');
});
