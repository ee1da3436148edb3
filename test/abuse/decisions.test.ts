import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../src/ai/model.ts';
import type { DecisionRecord } from '../../src/domain/decision.ts';
import { allowedNextSteps, FINISH } from '../../src/domain/definition.ts';
import { Fault } from '../../src/domain/errors.ts';
import { INSTANCE_STATUSES } from '../../src/domain/instance.ts';
import type { Answer } from '../../src/engine/answer.ts';
import type { createEngine as createEngineOfSources, Engine } from '../../src/engine/engine.ts';
import { type FakeProvider, type Reply, startFakeProvider } from '../support/fake-provider.ts';
import type { Mutant } from '../support/mutants.ts';
import { decisionText } from '../support/provider-wires.ts';
import { createTestEngine, definition, step } from '../support/test-engine.ts';
import { createVirtualTime } from '../support/virtual-time.ts';
import { GEMINI, OPENAI, type Subject } from '../unit/ai/llm-subject.ts';
import { plantedEngineRoom, startCampaign } from './subject.ts';

// A4: whatever the model says, a run goes nowhere but where its definition lets it go.

const campaign = startCampaign('A4 decisions');

const HOSTILE = definition([
  // From here the definition allows less than all steps.
  step('gate', {
    transitions: [
      { to: 'left', when: 'false' },
      { to: 'right', when: 'false' },
    ],
  }),
  step('left'),
  step('right'),
  step('vault', { instructions: 'Open the vault.' }),
]);
const NAMES = new Set([...HOSTILE.steps.map(({ name }) => name), FINISH]);

const MUTANTS: readonly Mutant[] = [
  {
    name: "the model's word is taken for it",
    patches: [
      {
        file: 'engine/core.ts',
        replace: 'model: deps.model && withCheckedDecisions(deps.model),',
        by: 'model: withCheckedDecisions === undefined ? undefined : deps.model,',
      },
    ],
  },
  {
    name: 'a next step is not compared with those allowed',
    patches: [
      { file: 'engine/checked-model.ts', replace: '|| !allowed.includes(nextStepName)', by: '|| !allowed' },
    ],
  },
  {
    name: 'what was checked is not what is used',
    patches: [
      {
        file: 'engine/checked-model.ts',
        replace: 'const decision = copyOf(await model.decide(request, options));',
        by: 'const said = await model.decide(request, options); const decision = copyOf(said);',
      },
      {
        file: 'engine/checked-model.ts',
        replace: 'decision as unknown as DecisionRecord;',
        by: '{ ...said, nextStepName: said.nextStepName };',
      },
    ],
  },
];

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

describe('A4: a hostile model', () => {
  test('behind the port: anything at all instead of a decision', async () => {
    const found = await attackPort(campaign.times(800, 10_000));
    campaign.report({ port: true, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    // Both prove that the decisions were neither all nonsense nor all harmless.
    expect(found.taken).toBeGreaterThan(0);
    expect(found.refused).toBeGreaterThan(0);
  });

  test.each(MUTANTS)('caught: $name', async (mutant) => {
    const { createEngine } = await plantedEngineRoom(mutant);
    expect((await attackPort(800, createEngine)).violations).not.toEqual([]);
  });

  test.each([GEMINI, OPENAI])('over the wire of $name: anything at all as a body', async (subject) => {
    const found = await attackWire(subject);
    campaign.report({ wire: subject.name, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    expect(found.taken).toBeGreaterThan(0);
    expect(found.refused).toBeGreaterThan(0);
  });
});

/** Keys and names that mean something to objects, files, databases, terminals and templates. */
const nasty = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'gate',
  'left',
  'right',
  'vault',
  'VAULT',
  'va ult',
  'FINISH',
  'finish',
  'START',
  '',
  ' ',
  '../left',
  "left'; DROP TABLE workflow_instances; --",
  '$.context',
  '{{ context.a }}',
  '\u001b[2J',
  '\ud800',
  'left\0',
  'left\nright',
  'ｌｅｆｔ',
  'x'.repeat(5_000),
);
const anything = fc.anything({
  key: fc.oneof(nasty, fc.string()),
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});
const someStep = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('left', 'right') },
  nasty,
  fc.string(),
  anything,
);
const decision = fc.record(
  {
    nextStepName: someStep,
    updatedContext: fc.oneof(
      fc.constant([]),
      fc.array(fc.record({ key: fc.oneof(nasty, fc.string()), value: fc.jsonValue() }), { maxLength: 5 }),
      fc.array(fc.record({ key: anything, value: anything }, { requiredKeys: [] }), { maxLength: 5 }),
      anything,
    ),
    statusSuggestion: fc.oneof(fc.constantFrom(...INSTANCE_STATUSES, 'ROOT', undefined), anything),
    reasoning: fc.oneof(fc.string(), nasty, fc.constant(undefined), anything),
    decider: fc.oneof(fc.constantFrom('client', 'transitions'), anything),
    candidates: anything,
    instanceId: fc.string(),
    currentStepName: nasty,
    revision: anything,
    status: anything,
  },
  { requiredKeys: ['nextStepName', 'updatedContext'] },
);
const unspeakable = fc.constantFrom<() => unknown>(
  () => {
    const circle: Record<string, unknown> = { nextStepName: 'left', updatedContext: [] };
    circle.self = circle;
    return circle;
  },
  () => ({
    get nextStepName(): string {
      throw new Error('No.');
    },
    updatedContext: [],
  }),
  () => {
    let looks = 0;
    // Says one thing when it is checked, and another when it is used.
    return {
      get nextStepName() {
        looks += 1;
        return looks === 1 ? 'left' : 'vault';
      },
      updatedContext: [],
    };
  },
  () => new Proxy({}, { get: () => 'vault', ownKeys: () => ['nextStepName'] }),
  () => ({ nextStepName: { toString: () => 'left', toJSON: () => 'vault' }, updatedContext: [] }),
  () => ({
    nextStepName: 'left',
    updatedContext: [],
    toJSON: () => ({ nextStepName: 'vault', updatedContext: [] }),
  }),
  () => ({ nextStepName: 'left', updatedContext: [{ key: 'big', value: 'x'.repeat(2 ** 20) }] }),
  () => ({
    nextStepName: 'left',
    updatedContext: [{ key: 'deep', value: JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`) }],
  }),
  () => {
    throw new Error('A defect of the decider.');
  },
  () => {
    throw new Fault('AI_TIMEOUT', 'Too slow.');
  },
  () => Promise.reject('a string'),
  () => undefined,
  () => null,
  () => 'left',
  () => ['left'],
);

interface Found {
  decisions: number;
  taken: number;
  refused: number;
  readonly violations: string[];
}

async function attackPort(runs: number, createEngine?: typeof createEngineOfSources): Promise<Found> {
  let say: () => unknown = () => undefined;
  const model: Model = {
    decider: 'stub',
    readsHistory: false,
    decide: async () => (await say()) as DecisionRecord,
  };
  const { engine, close } = await createTestEngine({ definition: HOSTILE, model, createEngine });
  const speech = fc.oneof(
    { weight: 9, arbitrary: decision.map((each) => () => each) },
    { weight: 1, arbitrary: unspeakable },
  );
  const speeches = fc.sample(speech, { numRuns: runs, seed: campaign.seed });
  const found = await attack(engine, speeches, (next) => {
    say = next;
  });
  await close();
  return found;
}

/** Each decision gets its own replies for as many requests as it may make. */
async function attackWire(subject: Subject): Promise<Found> {
  const time = createVirtualTime();
  const model = subject.createModel({ server: provider, time });
  const { engine, close } = await createTestEngine({ definition: HOSTILE, model });
  const text = fc.oneof(
    fc
      .record({ name: fc.oneof(fc.constantFrom('left', 'right'), nasty, fc.string()), value: fc.jsonValue() })
      .map(({ name, value }) =>
        decisionText({ next_step_name: name, updated_context: [{ key: 'k', value: JSON.stringify(value) }] }),
      ),
    fc.json(),
    fc.string(),
    fc.constant('['.repeat(60_000)),
    fc.jsonValue().map((value) => decisionText({ next_step_name: 'left', updated_context: value as never })),
  );
  const reply: fc.Arbitrary<Reply> = fc.oneof(
    { weight: 6, arbitrary: text.map((each) => subject.wire.text(each)) },
    { weight: 1, arbitrary: text.map((each) => subject.wire.truncated(each)) },
    {
      weight: 2,
      arbitrary: fc.record({ status: fc.constant(200), body: fc.oneof(fc.jsonValue(), fc.string()) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        status: fc.constantFrom(201, 302, 400, 401, 403, 404, 418, 429, 500, 503),
        body: fc.oneof(fc.jsonValue(), fc.string()),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom<Reply>('reset', 'cut') },
  );
  const speeches = fc.sample(fc.array(reply, { minLength: REQUESTS_MAX, maxLength: REQUESTS_MAX }), {
    numRuns: campaign.times(120, 2_000),
    seed: campaign.seed,
  });
  const found = await attack(engine, speeches, (replies) => {
    provider.forgetReplies();
    provider.willReply(...replies);
  });
  provider.forgetReplies();
  await close();
  return found;
}

/** Of one decision: the first, two retries and one repair. */
const REQUESTS_MAX = 4;
/** What a refused decision may be called; what a decider throws of itself passes as it is. */
const CODES = /^(AI_|TOO_LARGE$|INVALID_ARGUMENT$|CANCELLED$)/;
const OWN_WORDS = ['A defect of the decider.', 'a string'];

async function attack<Speech>(
  engine: Engine,
  speeches: readonly Speech[],
  willSay: (speech: Speech) => void,
): Promise<Found> {
  const found: Found = { decisions: 0, taken: 0, refused: 0, violations: [] };
  const start = () => engine.start({ workflowName: 'TEST', context: { kept: true } });
  const bystander = await start();
  let before = await start();
  for (const speech of speeches) {
    found.decisions += 1;
    const violate = (what: string) => found.violations.push(`decision ${found.decisions}: ${what}`);
    willSay(speech);
    const instanceId = before.instance_id;
    const at = HOSTILE.steps.find(({ name }) => name === before.next_step.step_name);
    if (at === undefined) {
      violate(`the run stands on ${JSON.stringify(before.next_step.step_name)}`);
      break;
    }
    const lost = campaign.random.chance(0.2);
    const call = lost
      ? engine.resume({ instanceId, assumedCurrentStepName: 'somewhere else' })
      : engine.advance({ instanceId, report: { status: 'success' }, stepToken: before.step_token });
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason ?? 'nothing was thrown',
    );
    const after = await engine.status({ instanceId }).catch((reason: unknown) => {
      violate(`the run cannot be read: ${String(reason)}`);
    });
    if (after === undefined) break;
    const state = ({ revision, status, next_step, current_context }: Answer) =>
      JSON.stringify([revision, status, next_step.step_name, current_context]);
    if (error !== undefined) {
      found.refused += 1;
      const code = String((error as { code?: unknown }).code);
      const own = OWN_WORDS.includes(error instanceof Error ? error.message : String(error));
      if (!CODES.test(code) && !own) violate(`untyped: ${String(error)}`);
      if (state(after) !== state(before)) violate(`refused with ${code}, but moved`);
    } else {
      found.taken += 1;
      const allowed = [...allowedNextSteps(HOSTILE, at), ...(lost ? [at.name] : [])];
      if (!allowed.includes(after.next_step.step_name))
        violate(`${at.name} led to ${JSON.stringify(after.next_step.step_name)}`);
      if (!NAMES.has(after.next_step.step_name)) violate('a step that there is not');
      if (after.revision > before.revision + 1) violate('more than one transition');
      if (!INSTANCE_STATUSES.includes(after.status)) violate(`status ${after.status}`);
      if (after.instance_id !== instanceId || after.workflow_name !== 'TEST') violate('another run');
      if (
        JSON.stringify(JSON.parse(JSON.stringify(after.current_context))) !==
        JSON.stringify(after.current_context)
      )
        violate('a context that is no JSON');
    }
    const isUsable = after.status === 'RUNNING' && after.next_step.step_name === 'gate';
    before = isUsable || campaign.random.chance(0.5) ? after : await start();
    if (before.status !== 'RUNNING') before = await start();
  }
  const untouched = await engine.status({ instanceId: bystander.instance_id });
  if (untouched.revision !== 0) found.violations.push('a run that nobody asked about has moved');
  return found;
}
