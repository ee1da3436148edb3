import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { findProgramProblem } from '../../../src/domain/program-search.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function folderOfPrograms(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'judge'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'text'), '', { mode: 0o644 });
  mkdirSync(join(folder, 'folder'));
  return folder;
}

test('a path is looked at from the working directory, a name in the folders of PATH', async () => {
  const folder = folderOfPrograms();
  const problemOf = (program: string, path?: string) => findProgramProblem({ program, path });
  expect(await problemOf(join(folder, 'judge'))).toBeUndefined();
  expect(await problemOf(`./${relative(process.cwd(), join(folder, 'judge'))}`)).toBeUndefined();
  expect(await problemOf('judge', `/nowhere:${folder}`)).toBeUndefined();
  expect(await problemOf('sh')).toBeUndefined();
  expect(await problemOf(join(folder, 'jugde'))).toBe(`there is no file ${join(folder, 'jugde')}`);
  expect(await problemOf('judge', '/nowhere')).toBe('no folder of PATH has a program of that name');
  expect(await problemOf('judge\0')).toBe('no folder of PATH has a program of that name');
});

test('what is there and no program is told of', async () => {
  const folder = folderOfPrograms();
  for (const [name, problem] of [
    ['text', 'is not executable'],
    ['folder', 'is not a file'],
  ] as const) {
    const expected = `${join(folder, name)} ${problem}`;
    expect(await findProgramProblem({ program: join(folder, name), path: undefined })).toBe(expected);
    expect(await findProgramProblem({ program: name, path: `/nowhere:${folder}` })).toBe(expected);
  }
});
