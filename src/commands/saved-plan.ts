/** A plan file: what it was planned from. Its commands are never taken from it, they are made again. */
import { ExitCode, UserError } from '../errors.ts';
import { validatePlan } from '../generated/validators.js';
import { majorOf, PLAN_FORMAT, type SavedPlan } from '../plan/document.ts';
import { checkDocument } from './check-document.ts';
import { readJsonFile } from './read-input.ts';

/** Throws UserError (exit 3) where the file is no plan of this format. */
export function readSavedPlan(path: string): SavedPlan {
  const document = readJsonFile(path, 'write one with: lvmbackup plan --out FILE', 'order');
  const { formatVersion } = (document ?? {}) as { formatVersion?: unknown };
  if (majorOf(formatVersion) !== majorOf(PLAN_FORMAT)) {
    throw new UserError(
      ExitCode.badInput,
      `${path} is no plan of format ${PLAN_FORMAT}`,
      'plan again with this version',
    );
  }
  checkDocument(validatePlan, document, path, 'plan again: lvmbackup plan --out FILE');
  const plan = document as SavedPlan;
  if (plan.operation === 'recover') {
    throw new UserError(
      ExitCode.badInput,
      `${path} is a plan of what dead runs left, without a file`,
      'run it with: lvmbackup recover',
    );
  }
  if (Number.isNaN(Date.parse(plan.createdAt))) {
    throw new UserError(ExitCode.badInput, `${path}: /createdAt: ${plan.createdAt} is no time`);
  }
  return { ...plan, only: plan.only ?? [] };
}
