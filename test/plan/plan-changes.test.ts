/** What a new file changes on a machine, held against plans of both files. */
import { expect, test } from 'vitest';
import type { Action } from '../../src/plan/action.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planBackup } from '../../src/plan/plan-backup.ts';
import { machineChanges } from '../../src/plan/plan-changes.ts';
import type { Spec } from '../../src/spec/spec.ts';
import { extents } from '../../src/units.ts';
import { anInput, aSpec, aVolumeSpec, countOf, percentOfOrigin } from '../helpers/specs.ts';
import { guideMachine, guideSpec } from '../views/plans.ts';

const planOf = (spec: Spec): Plan => planBackup(anInput(spec, guideMachine()));
const same = (plan: Plan) => ({ next: plan, all: plan });
const changes = (before: Spec, after: Spec) => machineChanges(same(planOf(before)), same(planOf(after)));
const types = (actions: readonly Action[]) => actions.map(({ type, target }) => `${type} ${target}`);

test('the same file changes nothing', () => {
  const plan = planOf(guideSpec());
  expect(machineChanges(same(plan), same(plan))).toMatchObject({
    actions: { added: [], removed: [], same: plan.actions.length },
    ...{ pointsRemoved: 0, space: [], problems: { added: [], gone: [] } },
  });
});

test('a source that is taken out takes its actions with it, and no number of another counts as a change', () => {
  const { volumes, ...rest } = guideSpec();
  const { actions, copyBytes } = changes(guideSpec(), { ...rest, volumes: volumes.slice(1) });
  expect(types(actions.removed)).toEqual([
    'volume.create Backup/root-backup',
    'snapshot.create SSD/root-snap',
    'copy Backup/root-backup',
    'snapshot.remove SSD/root-snap',
  ]);
  expect(actions.added).toEqual([]);
  expect(copyBytes.before - copyBytes.after).toBe(64 * 4 * 1024 ** 2);
});

test('how a copy is verified is a part of what it is, though no command says it', () => {
  const with_ = (verify: 'written' | 'full') =>
    aSpec([aVolumeSpec('SSD/root', { verify, snapshot: { lend: '/dev/sdb1' } })], {
      devices: ['/dev/sdb2'],
    });
  const { actions } = changes(with_('written'), with_('full'));
  expect(types(actions.added)).toEqual(['copy Backup/root-backup']);
  expect(types(actions.removed)).toEqual(['copy Backup/root-backup']);
});

test('the room of each group, and the warnings that come and go', () => {
  const sized = (size: ReturnType<typeof countOf>) =>
    aSpec([aVolumeSpec('SSD/root', { snapshot: { lend: '/dev/sdb1', size } })], { devices: ['/dev/sdb2'] });
  const { space, problems } = changes(sized(percentOfOrigin(100)), sized(countOf(10)));
  expect(problems.added.map(({ code }) => code)).toEqual(['may-overflow']);
  expect(problems.gone).toEqual([]);
  const larger = aSpec([aVolumeSpec('SSD/root', { size: countOf(90), snapshot: { lend: '/dev/sdb1' } })], {
    devices: ['/dev/sdb2'],
  });
  const [backup] = changes(sized(percentOfOrigin(100)), larger).space;
  expect(backup).toMatchObject({ group: 'Backup', before: 200 - 64, after: 200 - 90 });
  expect(space).toEqual([]);
});

test('restore points that go are counted once each, and what a dead run left is none of them', () => {
  const plan = planOf(guideSpec());
  const [first] = plan.actions;
  const gone = (name: string, rest = {}) =>
    ({
      ...{
        id: first?.id,
        type: 'volume.remove',
        target: `Backup/${name}`,
        reason: 'no rule of keep asks for it',
      },
      ...{ extents: extents(1), bytes: 4 * 1024 ** 2, ...rest },
    }) as Action;
  const withGone = (...more: Action[]) => same({ ...plan, actions: [...plan.actions, ...more] });
  const before = withGone(gone('root-backup.4'));
  const after = withGone(
    gone('root-backup.4'),
    gone('root-backup.3'),
    gone('root-backup.2'),
    gone('left', { recovers: true }),
  );
  expect(machineChanges(before, after).pointsRemoved).toBe(2);
});
