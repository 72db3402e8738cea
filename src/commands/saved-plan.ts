/** A plan file: what it was planned from. Its commands are never taken from it, they are made again. */
import { readFileSync } from 'node:fs';
import { ExitCode, UserError } from '../errors.ts';
import { majorOf, PLAN_FORMAT, type SavedPlan } from '../plan/document.ts';

/** Throws UserError (exit 3) where the file is no plan of this format. */
export function readSavedPlan(path: string): SavedPlan {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UserError(
      ExitCode.badInput,
      `${path}: ${(cause as Error).message}`,
      'write one with: lvmbackup plan --out FILE',
      {
        cause,
      },
    );
  }
  const plan = document as Partial<SavedPlan> & { formatVersion?: unknown; operation?: unknown };
  if (majorOf(plan?.formatVersion) !== majorOf(PLAN_FORMAT)) {
    throw new UserError(
      ExitCode.badInput,
      `${path} is no plan of format ${PLAN_FORMAT}`,
      'plan again with this version',
    );
  }
  const whole =
    plan.operation === 'backup' &&
    Array.isArray(plan.actions) &&
    Array.isArray(plan.groups) &&
    typeof plan.createdAt === 'string' &&
    !Number.isNaN(Date.parse(plan.createdAt)) &&
    Array.isArray(plan.config?.spec?.volumes);
  if (!whole)
    throw new UserError(
      ExitCode.badInput,
      `${path} is no whole plan`,
      'plan again: lvmbackup plan --out FILE',
    );
  return plan as SavedPlan;
}
