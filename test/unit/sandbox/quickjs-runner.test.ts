import { afterAll, beforeAll, expect, test } from 'vitest';
import { Defect, Fault } from '../../../src/domain/errors.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createQuickjsRunner } from '../../../src/sandbox/quickjs-runner.ts';
import type { ScriptRunner } from '../../../src/sandbox/runner.ts';
import { buildFaulty, type FaultyBuild } from '../../support/faulty-build.ts';
import { occurrence, type RunOptions, scriptParams } from './sandbox-subject.ts';

// Many scripts on few threads.

let build: FaultyBuild;
let runner: ScriptRunner;
beforeAll(async () => {
  build = await buildFaulty({ entry: 'sandbox-room' });
});
afterAll(async () => {
  await runner.close();
  await build.dispose();
});

function open(workersMax: number): (source: string, options?: RunOptions) => ReturnType<ScriptRunner['run']> {
  runner = createQuickjsRunner({ workerFile: build.sandboxWorkerFile, logger: silentLogger, workersMax });
  return (source, options) => runner.run(scriptParams(source, options));
}

test('scripts run side by side, and further ones wait for their turn', async () => {
  const run = open(2);
  const begun: number[] = [];
  const { happened, happen } = occurrence();
  const both = occurrence();
  const runs = [1, 2, 3, 4].map((n) =>
    run(`await echo(${n}); return ${n}`, {
      onCall: async () => {
        begun.push(n);
        if (begun.length === 2) both.happen();
        await happened;
        return { ok: true, value: null };
      },
    }),
  );
  await both.happened;
  expect(begun.length).toBe(2);
  happen();
  expect((await Promise.all(runs)).map(({ result }) => result)).toEqual([1, 2, 3, 4]);
  await runner.close();
});

test('one that hangs holds up no other', async () => {
  const run = open(2);
  const hanging = run('for (;;);', { limits: { cpuMs: 500 } });
  expect(await run('return 1')).toMatchObject({ status: 'completed' });
  expect(await hanging).toMatchObject({ status: 'limit_exceeded' });
  await runner.close();
});

test('one that is cancelled while it waits for its turn leaves the others theirs', async () => {
  const run = open(1);
  const { happened, happen } = occurrence();
  const first = run('await echo(1); return 1', {
    onCall: async () => {
      await happened;
      return { ok: true, value: null };
    },
  });
  const cancelling = new AbortController();
  const second = run('return 2', { signal: cancelling.signal });
  const third = run('return 3');
  cancelling.abort();
  expect(await second).toMatchObject({ status: 'cancelled', calls: 0 });
  happen();
  expect([(await first).result, (await third).result]).toEqual([1, 3]);
  await runner.close();
});

test('closing cancels what runs and what waits, and refuses what comes', async () => {
  const run = open(1);
  const begun = occurrence();
  const first = run('await echo(1)', {
    onCall: () => {
      begun.happen();
      return new Promise<never>(() => {});
    },
  });
  const second = run('return 2');
  await begun.happened;
  await runner.close();
  expect([(await first).status, (await second).status]).toEqual(['cancelled', 'cancelled']);
  await expect(run('return 3')).rejects.toThrow(Fault);
});

test('a runner that has got ready runs scripts, and one that is closed does not get ready', async () => {
  const run = open(1);
  runner.warmUp();
  expect(await run('return 1')).toMatchObject({ status: 'completed', result: 1 });
  await runner.close();
  runner.warmUp();
  await expect(run('return 2')).rejects.toThrow(Fault);
});

test('what goes wrong in getting ready is told by the next run', async () => {
  runner = createQuickjsRunner({ workerFile: '/nowhere/sandbox-worker.mjs', logger: silentLogger });
  runner.warmUp();
  await expect(runner.run(scriptParams('return 1'))).rejects.toThrow(Defect);
});

test('a thread that cannot be started is a defect', async () => {
  runner = createQuickjsRunner({ workerFile: '/nowhere/sandbox-worker.mjs', logger: silentLogger });
  await expect(runner.run(scriptParams('return 1'))).rejects.toThrow(Defect);
  await expect(runner.run(scriptParams('return 1'))).rejects.toThrow(Defect);
});
