import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const VALIDATORS = new URL('../../src/generated/validators.js', import.meta.url);

test('the validators load as a module of their own, with no library beside them', () => {
  const program = `
    const { validatePlan, validateBackup } = await import(${JSON.stringify(VALIDATORS.href)});
    console.log(validatePlan({}), validateBackup({}));
  `;
  // Where no node_modules can be seen.
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('file:///')),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toBe('false false\n');
});
