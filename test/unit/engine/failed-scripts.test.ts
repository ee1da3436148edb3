import { describe, expect, onTestFinished, test } from 'vitest';
import type { ComposedResult } from '../../../src/composer/composer.ts';
import type { Step } from '../../../src/domain/definition.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import { fakeComposer } from '../../support/fake-composer.ts';
import { createTestEngine, definition, step } from '../../support/test-engine.ts';

const to = (name: string) => ({ transitions: [{ to: name }] });
const script = (name: string, next: string, extra: Partial<Step> = {}) =>
  step(name, { instructions: '', script: name, ...to(next), ...extra });
const success = { status: 'success' };

/** What each script does, by the name of its step. */
type Plays = Readonly<Record<string, Partial<ComposedResult>>>;

const failing = (message: string): Partial<ComposedResult> => ({
  status: 'failed',
  error: { name: 'TypeError', message, line: 2 },
  output: 'so far',
});
const returning = (result: JsonValue): Partial<ComposedResult> => ({ result });

async function started(steps: readonly Step[], plays: Plays) {
  const composer = fakeComposer(({ code }) => plays[code] ?? {});
  const open = await createTestEngine({ definition: definition(steps), composer });
  onTestFinished(() => open.close());
  const answer = await open.engine.start({ workflowName: 'TEST' });
  const id = answer.instance_id;
  return {
    ...open,
    answer,
    id,
    advance: (report: JsonObject & { readonly status: string } = success, requestId?: string) =>
      open.engine.advance({ instanceId: id, report, requestId }),
  };
}

describe('the scripts that failed since the last report', () => {
  const LINE = [
    step('ask', to('one')),
    script('one', 'two'),
    script('two', 'three'),
    script('three', 'tell'),
    step('tell', to('again')),
    script('again', 'end'),
    step('end', to('FINISH')),
  ];
  const PLAYS = { one: failing('first'), three: failing('last') };
  const FAILED = [
    { step_name: 'one', error: 'TypeError: first (line 2)' },
    { step_name: 'three', error: 'TypeError: last (line 2)' },
  ];

  test('are told in the answer, and in every answer about that position', async () => {
    const { engine, id, answer, advance } = await started(LINE, PLAYS);
    expect(answer.failed_scripts).toBeUndefined();
    const told = await advance(success, 'r');
    expect(told).toMatchObject({ next_step: { step_name: 'tell' }, failed_scripts: FAILED });
    expect(await engine.status({ instanceId: id })).toMatchObject({ failed_scripts: FAILED });
    for (const belief of ['ask', 'tell', 'nowhere']) {
      const resumed = await engine.resume({ instanceId: id, assumedCurrentStepName: belief });
      expect(resumed.failed_scripts, belief).toEqual(FAILED);
    }
    const contextUpdates = { more: 1 };
    const moved = await engine.resume({ instanceId: id, assumedCurrentStepName: 'tell', contextUpdates });
    expect(moved).toMatchObject({ revision: 5, failed_scripts: FAILED });
  });

  test('are told again to whoever makes the call again, however late, and not after the next report', async () => {
    const { advance } = await started(LINE, PLAYS);
    const told = await advance(success, 'r');
    expect(await advance(success, 'r')).toEqual({ ...told, replayed: true });
    const next = await advance({ status: 'success', message: 'told' });
    expect(next).toMatchObject({ next_step: { step_name: 'end' }, failed_scripts: undefined });
    expect(await advance(success, 'r')).toEqual({ ...told, replayed: true });
    expect(await advance({ status: 'success', message: 'ended' })).toMatchObject({
      status: 'COMPLETED',
      failed_scripts: undefined,
    });
  });

  test('are told in the answer to the start', async () => {
    const { answer } = await started([script('one', 'FINISH')], PLAYS);
    expect(answer).toMatchObject({ status: 'COMPLETED', failed_scripts: FAILED.slice(0, 1) });
  });

  test('count also where the run was suspended in between', async () => {
    const { engine, id, advance } = await started(
      [step('ask', to('one')), script('one', 'one', { maxVisits: 1 })],
      PLAYS,
    );
    expect(await advance()).toMatchObject({ status: 'SUSPENDED', failed_scripts: FAILED.slice(0, 1) });
    const resumed = await engine.resume({ instanceId: id, assumedCurrentStepName: 'one' });
    expect(resumed).toMatchObject({ revision: 4, failed_scripts: [FAILED[0], FAILED[0]] });
  });

  test('are the last ten where there are many, each cut', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `step ${index + 1}`);
    const steps = names.map((name, index) => script(name, names[index + 1] ?? 'FINISH'));
    const plays = Object.fromEntries(
      names.map((name) => [name, failing(`${name}: ${'\u{1F600}'.repeat(9_999)}`)]),
    );
    const { failed_scripts: failed = [] } = (await started(steps, plays)).answer;
    expect(failed.map(({ step_name }) => step_name)).toEqual(names.slice(2));
    for (const { error } of failed) {
      expect(error).toMatch(/^TypeError: step \d+: [^\p{Surrogate}]+…$/u);
      expect(error.length).toBeLessThanOrEqual(500);
    }
    expect(Buffer.byteLength(JSON.stringify(failed))).toBeLessThan(20_000);
  });

  test.each<[JsonObject, string]>([
    [{ error: 'no data' }, 'no data'],
    [{ message: 'no data', result: 1 }, 'no data'],
    [{ error: { name: 'E', message: 'no data' } }, 'E: no data'],
    [{ error: { code: 7 } }, '{"code":7}'],
    [{ result: ['a', 'b'] }, '["a","b"]'],
    [{ error: null }, 'It reported a failure, and no reason.'],
  ])('are those too that report a failure themselves: %j', async (said, error) => {
    const plays = { one: returning({ status: 'failure', ...said }), two: returning({ status: 'partly' }) };
    const { answer } = await started([script('one', 'two'), script('two', 'FINISH')], plays);
    expect(answer.failed_scripts).toEqual([{ step_name: 'one', error }]);
  });
});
