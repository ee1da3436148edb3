import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  FAILPOINTS,
  type failpoint as productFailpoint,
  TASK_FAILPOINTS,
} from '../../src/domain/failpoint.ts';
import { armFailpoints, failpoint } from '../support/armed-failpoint.ts';
import { buildFaulty } from '../support/faulty-build.ts';

/** Names, variables and calls that a failpoint would leave in a bundle. */
const PLACES = [...FAILPOINTS, ...TASK_FAILPOINTS];
const TRACES = [...PLACES, 'FAILPOINT_KILL', 'FAILPOINT_STOP', 'FAILPOINT_STALL'];

test('the product has no trace of a failpoint: there is nothing to arm', async () => {
  expect(await tracesIn('dist')).toEqual([]);
});

test('the build of the campaigns has all of them', async () => {
  const build = await buildFaulty({ entry: 'program' });
  const found = await tracesIn(join(build.serverFile, '..'));
  await build.dispose();
  expect(found).toEqual(TRACES);
});

test('what stands in for the product’s failpoint has its shape, and tells what was passed', () => {
  const standIn: typeof productFailpoint = failpoint;
  const passed: string[] = [];
  armFailpoints((place) => passed.push(place));
  for (const place of PLACES) standIn(place);
  armFailpoints(undefined);
  standIn('commit_done');
  expect(passed).toEqual(PLACES);
});

test('a defect that cannot be planted is no silent pass', async () => {
  const gone = { file: 'engine/advance.ts', replace: 'a line that nobody wrote', by: '' };
  await expect(
    buildFaulty({ entry: 'engine-room', mutant: { name: 'nothing', patches: [gone] } }),
  ).rejects.toThrow('Not planted: a line that nobody wrote');
});

async function tracesIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.mjs'));
  expect(names).not.toEqual([]);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  // The bundler breaks long lines also in the middle of a text.
  const whole = texts.map((text) => text.replaceAll('\\\n', ''));
  return TRACES.filter((trace) => whole.some((text) => text.includes(trace)));
}
