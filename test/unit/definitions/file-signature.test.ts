import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isUnchanged, signFile } from '../../../src/definitions/file-signature.ts';
import { folderOf } from '../../support/written-files.ts';

test('a file is settled once its clock has moved on, and not before', () => {
  const path = join(folderOf({ 'a.md': 'a' }), 'a.md');
  const fresh = signFile(path, Date.now());
  expect(fresh.settled).toBe(false);
  expect(isUnchanged(fresh, Date.now())).toBe(false);
  const later = Date.now() + 1_000;
  const settled = signFile(path, later);
  expect(settled.settled).toBe(true);
  expect(isUnchanged(settled, later)).toBe(true);
});

test('what is not there, or not allowed, has a signature too', () => {
  const missing = signFile(join(folderOf({}), 'a.md'), 0);
  expect(isUnchanged(missing, 0)).toBe(true);
  const unreadable = signFile(`${'a/'.repeat(3_000)}b`, 0);
  expect(isUnchanged(unreadable, 0)).toBe(true);
  expect(unreadable.signature).not.toBe(missing.signature);
});
