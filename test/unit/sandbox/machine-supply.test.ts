import { beforeAll, expect, test } from 'vitest';
import { type EngineModules, loadEngineModules } from '../../../src/sandbox/guest/engine-modules.ts';
import { createMachineSupply } from '../../../src/sandbox/guest/machine-supply.ts';
import { isOutOfMemory } from '../../../src/sandbox/guest/script-machine.ts';
import { DEFAULT_SCRIPT_LIMITS } from '../../../src/sandbox/runner.ts';
import { sandboxSubject } from './sandbox-subject.ts';

// Machines that are made before there is a script for them.

const subject = sandboxSubject();
const MEMORY_BYTES = 8 * 1024 * 1024;
let modules: EngineModules;
beforeAll(async () => {
  modules = await loadEngineModules();
});

test('a machine that was made ahead is taken at once, and only once', async () => {
  const machines = createMachineSupply({ modules, memoryBytes: MEMORY_BYTES });
  machines.prepare();
  const taken = [machines.take(MEMORY_BYTES), machines.take(MEMORY_BYTES)];
  machines.prepare();
  machines.prepare();
  taken.push(machines.take(MEMORY_BYTES));
  expect(new Set(await Promise.all(taken)).size).toBe(3);
});

test('one with other memory is made anew, and what was made ahead waits on', async () => {
  const machines = createMachineSupply({ modules, memoryBytes: MEMORY_BYTES });
  machines.prepare();
  await expect(machines.take(1_000)).rejects.toSatisfy(isOutOfMemory);
  await machines.take(MEMORY_BYTES);
});

test('one that could not be made is so for whoever takes it', async () => {
  const machines = createMachineSupply({ modules, memoryBytes: 1_000 });
  machines.prepare();
  await expect(machines.take(1_000)).rejects.toSatisfy(isOutOfMemory);
});

test('a script cannot tell whether its machine was made ahead, nor what ran before it', async () => {
  let times: number[] = [];
  const look = (memoryBytes: number) => {
    times = [1_000, 2_500];
    return subject.run(
      `const names = Object.getOwnPropertyNames(globalThis).join();
       const seen = () => [Date.now(), performance.now(), performance.timeOrigin, new Date().toISOString(), Math.random()];
       const before = seen();
       await echo(1);
       Array.prototype.left = globalThis.left = 'behind';
       Math.random = () => 0;
       return [names, before, seen(), [].left];`,
      { limits: { memoryBytes }, constants: { given: 1 }, now: () => times.shift() ?? 0 },
    );
  };
  const { memoryBytes } = DEFAULT_SCRIPT_LIMITS;
  const anew = (await look(memoryBytes + 1)).result;
  for (let script = 0; script < 5; script++) expect((await look(memoryBytes)).result).toEqual(anew);
});
