import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../src/ai/model.ts';
import { Fault, type FaultCode } from '../../src/domain/errors.ts';
import { type FakeProvider, type Reply, startFakeProvider } from '../support/fake-provider.ts';
import { decisionText, geminiWire, openaiWire } from '../support/provider-wires.ts';
import { createTestEngine, definition, step } from '../support/test-engine.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtual-time.ts';
import { API_KEY, BUDGET_MS, GEMINI, OPENAI, type Subject } from '../unit/ai/llm-subject.ts';
import { startCampaign } from './subject.ts';

// The table of LLM failures: every class, in random sequences; a run never moves on a failure.

const campaign = startCampaign('LLM failures');

/** What a class of replies means: `pass` is retried, `repair` is sent back once, `final` ends it, `decided` decides. */
interface ReplyClass {
  readonly kind: 'pass' | 'repair' | 'final' | 'decided';
  readonly code?: FaultCode;
  readonly reply: (subject: Subject) => Reply;
}

const bad = (text: string): ReplyClass => ({
  kind: 'repair',
  code: 'AI_INVALID_DECISION',
  reply: ({ wire }) => wire.text(text),
});
const failing = (status: number): ReplyClass => ({
  kind: 'pass',
  code: 'AI_UNAVAILABLE',
  reply: ({ wire }) => wire.error({ status, message: `Something about ${API_KEY}.` }),
});
const refusing = (status: number): ReplyClass => ({
  kind: 'final',
  code: 'AI_MISCONFIGURED',
  reply: ({ wire }) => wire.error({ status, message: `The key ${API_KEY} is not good.` }),
});

const CLASSES: Readonly<Record<string, ReplyClass>> = {
  decision: {
    kind: 'decided',
    reply: ({ wire }) => wire.text(decisionText({ next_step_name: 'two' })),
  },
  'HTTP 500': failing(500),
  'HTTP 503': failing(503),
  reset: { kind: 'pass', code: 'AI_UNAVAILABLE', reply: () => 'reset' },
  cut: { kind: 'pass', code: 'AI_UNAVAILABLE', reply: () => 'cut' },
  page: {
    kind: 'pass',
    code: 'AI_UNAVAILABLE',
    reply: () => ({ status: 200, body: '<html>Sign in</html>' }),
  },
  hang: { kind: 'pass', code: 'AI_TIMEOUT', reply: () => 'hang' },
  'HTTP 429': {
    kind: 'pass',
    code: 'AI_RATE_LIMITED',
    reply: ({ wire }) => wire.error({ status: 429, headers: { 'retry-after': '2' } }),
  },
  'HTTP 429 for long': {
    kind: 'final',
    code: 'AI_RATE_LIMITED',
    reply: ({ wire }) => wire.error({ status: 429, headers: { 'retry-after': '3600' } }),
  },
  'HTTP 401': refusing(401),
  'HTTP 403': refusing(403),
  'unknown model': refusing(404),
  blocked: {
    kind: 'final',
    code: 'AI_SAFETY_BLOCKED',
    reply: ({ name }) =>
      name === 'gemini'
        ? campaign.random.pick([
            geminiWire.stopped('SAFETY'),
            geminiWire.stopped('RECITATION'),
            geminiWire.stopped('PROHIBITED_CONTENT'),
            geminiWire.blockedPrompt('PROHIBITED_CONTENT'),
          ])
        : campaign.random.pick([openaiWire.refusal(), openaiWire.contentFilter()]),
  },
  truncated: {
    kind: 'repair',
    code: 'AI_INVALID_DECISION',
    reply: ({ wire }) => wire.truncated('{"reasoning": "Because'),
  },
  empty: bad(''),
  'no JSON': bad('I think that it should be two.'),
  'not the schema': bad('{"next": "two"}'),
  'unknown step': bad(decisionText({ next_step_name: 'seven' })),
  'almost a step': bad(decisionText({ next_step_name: 'twoo' })),
  'not allowed': bad(decisionText({ next_step_name: 'one' })),
};

const NAMES = Object.keys(CLASSES);
const FAILURES = NAMES.filter((name) => CLASSES[name]?.kind !== 'decided');

/** Of one decision: the first request, two retries and one repair. */
const RETRIES_MAX = 2;
const REQUESTS_MAX = 4;

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

describe.each([GEMINI, OPENAI])('failures of $name', (subject) => {
  test('in random sequences: the run stays, the code is right, and the same key may be tried again', async () => {
    const found = await fail(subject, campaign.times(60, 1_500));
    campaign.report({ provider: subject.name, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    expect(found.classes).toBe(NAMES.length);
  });
});

/** What stands between the model and the engine, with a defect. */
const MUTANTS: Readonly<Record<string, (model: Model) => Model>> = {
  'the run moves on when the model fails': (model) => ({
    ...model,
    decide: (request, options) =>
      model.decide(request, options).catch((error: unknown) => {
        if (error instanceof Fault && error.retryable)
          return {
            decider: model.decider,
            candidates: request.allowed,
            nextStepName: 'two',
            updatedContext: [],
          };
        throw error;
      }),
  }),
  'every failure is unavailability': (model) => ({
    ...model,
    decide: (request, options) =>
      model.decide(request, options).catch(() => {
        throw new Fault('AI_UNAVAILABLE', 'Something failed.');
      }),
  }),
  'asked again whatever it said': (model) => ({
    ...model,
    decide: (request, options) => model.decide(request, options).catch(() => model.decide(request, options)),
  }),
  'a failure passes for a final one': (model) => ({
    ...model,
    decide: (request, options) =>
      model.decide(request, options).catch((error: unknown) => {
        throw error instanceof Fault ? new Fault(error.code, error.message, { retryable: false }) : error;
      }),
  }),
};

test.each(Object.entries(MUTANTS))('caught: %s', async (_name, mutate) => {
  expect((await fail(OPENAI, 60, mutate)).violations).not.toEqual([]);
});

async function fail(subject: Subject, sequences: number, mutate: (model: Model) => Model = (model) => model) {
  const time = createVirtualTime();
  const violations: string[] = [];
  const seen = new Set<string>();
  const model = mutate(subject.createModel({ server: provider, time }));
  const { engine, store, close } = await createTestEngine({
    definition: definition([
      step('one', {
        transitions: [
          { to: 'two', when: 'false' },
          { to: 'three', when: 'false' },
        ],
      }),
      step('two'),
      step('three'),
    ]),
    model,
  });
  let failures = 0;
  let requests = 0;
  for (let sequence = 0; sequence < sequences; sequence += 1) {
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    let moved = false;
    for (let attempt = 0; !moved; attempt += 1) {
      // The first failure of each sequence goes through all classes in turn; later, luck rises until it succeeds.
      const first = attempt === 0 ? (NAMES[sequence % NAMES.length] ?? '') : pickName(attempt);
      const names = [first, ...Array.from({ length: REQUESTS_MAX }, () => pickName(attempt))];
      const violate = (what: string) => violations.push(`${names.join(' | ')}: ${what}`);
      const before = { at: time.clock.monotonicMs(), requests: provider.requests.length };
      provider.forgetReplies();
      provider.willReply(...names.map((name) => classOf(name).reply(subject)));
      const deciding = engine
        .advance({ instanceId, report: { status: 'success' }, requestId: 'the same' })
        .then(
          (answer) => ({ answer, fault: undefined }),
          (error: unknown) => ({ answer: undefined, fault: error }),
        );
      const { answer, fault } = await lettingHangsPass(deciding, names, { time, from: before.requests });
      const count = provider.requests.length - before.requests;
      requests += count;
      const used = names.slice(0, count);
      for (const name of used) seen.add(name);
      const last = classOf(used.at(-1) ?? '');
      const elapsedMs = time.clock.monotonicMs() - before.at;
      if (count > REQUESTS_MAX) violate(`${count} requests`);
      if (elapsedMs > BUDGET_MS + 1) violate(`took ${elapsedMs} ms of virtual time`);
      if (endedTooEarly(used) || used.slice(0, -1).some((name) => isEnd(classOf(name))))
        violate(`${count} requests were the wrong number`);
      const status = await engine.status({ instanceId });
      const { items } = await store.listHistory(instanceId, { limit: 200 });
      const notes = items.filter(({ kind }) => kind === 'decision_failed').length;
      if (answer !== undefined) {
        moved = true;
        if (last.kind !== 'decided') violate('moved without a decision');
        if (status.revision !== 1 || status.next_step.step_name !== 'two') violate('moved elsewhere');
        if (notes !== attempt) violate(`${notes} notes of ${attempt} failures`);
        continue;
      }
      failures += 1;
      if (!(fault instanceof Fault)) {
        violate(`untyped: ${String(fault)}`);
        break;
      }
      if (status.revision !== 0 || status.status !== 'RUNNING' || status.next_step.step_name !== 'one')
        violate('a failure moved the run');
      if (last.code !== fault.code) violate(`${fault.code} instead of ${last.code}`);
      const isFinal = fault.code === 'AI_MISCONFIGURED' || fault.code === 'AI_SAFETY_BLOCKED';
      if (fault.retryable === isFinal) violate(`${fault.code} is retryable: ${fault.retryable}`);
      if (JSON.stringify([fault.message, fault.details, fault.hint, items]).includes(API_KEY))
        violate('the key is told');
      if (notes !== attempt + 1) violate(`${notes} notes of ${attempt + 1} failures`);
    }
  }
  provider.forgetReplies();
  await close();
  return { sequences, failures, requests, classes: seen.size, violations };
}

function pickName(attempt: number): string {
  return campaign.random.chance(0.25 + attempt / 10) ? 'decision' : campaign.random.pick(FAILURES);
}

function classOf(name: string): ReplyClass {
  const found = CLASSES[name];
  if (found === undefined) throw new Error(`No class ${name}`);
  return found;
}

function isEnd({ kind }: ReplyClass): boolean {
  return kind === 'decided' || kind === 'final';
}

/** Whether there was a retry or a repair left, and time for it, when the last of these replies came. */
function endedTooEarly(used: readonly string[]): boolean {
  const last = classOf(used.at(-1) ?? '');
  const count = (kind: ReplyClass['kind']) => used.filter((name) => classOf(name).kind === kind).length;
  if (isEnd(last)) return false;
  if (last.kind === 'repair') return count('repair') < 2;
  // Time-outs use up the budget before the retries are used up.
  return count('pass') <= RETRIES_MAX && !used.includes('hang');
}

/** Lets virtual time pass whenever a request has arrived that gets no reply. */
async function lettingHangsPass<Result>(
  deciding: Promise<Result>,
  names: readonly string[],
  { time, from }: { readonly time: VirtualTime; readonly from: number },
): Promise<Result> {
  const done = deciding.then(() => 'done' as const);
  for (const [position, name] of names.entries()) {
    const request = provider.request(from + position + 1);
    const arrived = await Promise.race([request.then(() => 'arrived' as const), done]);
    if (arrived === 'done') break;
    if (name !== 'hang') continue;
    time.elapse(time.untilNextTimer() ?? 0);
    await (await request).closedByCaller;
  }
  return deciding;
}
