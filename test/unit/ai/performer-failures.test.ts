import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Performer, PerformOptions } from '../../../src/ai/performer.ts';
import { JUDGEMENT_SCHEMA, STEP_SCHEMA, TASK_SCHEMA } from '../../../src/ai/work-schema.ts';
import { type FakeProvider, type Reply, startFakeProvider } from '../../support/fake-provider.ts';
import { geminiWire, openaiWire } from '../../support/provider-wires.ts';
import { createVirtualTime, type VirtualTime } from '../../support/virtual-time.ts';
import { BUDGET_MS, faultAdvising, GEMINI, OPENAI } from './llm-subject.ts';
import { judgementRequestOf, stepRequestOf, taskRequestOf } from './work-requests.ts';

let server: FakeProvider;
let time: VirtualTime;

beforeEach(async () => {
  server = await startFakeProvider();
  time = createVirtualTime();
});

afterEach(() => server.close());

const faultOf = (working: Promise<unknown>) =>
  faultAdvising(working, /; nothing was done\. (?:Try|Trying) the (?:same )?task again/);

/** A verb, a good answer to it, and what that means; and answers that cannot be used. */
interface VerbCase {
  readonly verb: string;
  readonly schema: object;
  run(performer: Performer, options?: PerformOptions): Promise<unknown>;
  readonly answer: object;
  readonly meaning: unknown;
  readonly unusable: readonly (readonly [string, string])[];
}

const GARBAGE = [
  ['empty', ''],
  ['prose', 'Here is your limerick.'],
  ['a list', '[]'],
  ['another schema', '{"done": true}'],
  ['an unknown word', '{"status": "partly", "accepted": "yes", "message": "x", "result": "x"}'],
] as const;

const VERBS: readonly VerbCase[] = [
  {
    verb: 'carryOutStep',
    schema: STEP_SCHEMA,
    run: (performer, options) => performer.carryOutStep(stepRequestOf(), options),
    answer: {
      message: 'Written.',
      status: 'success',
      result: '{"lines":5}',
      context_updates: [{ key: 'rhyme', value: '"aabba"' }],
    },
    meaning: {
      report: { status: 'success', message: 'Written.', result: { lines: 5 } },
      contextUpdates: { rhyme: 'aabba' },
    },
    unusable: [...GARBAGE, ['a failure without a reason', '{"status": "failure", "message": " "}']],
  },
  {
    verb: 'doTask',
    schema: TASK_SCHEMA,
    run: (performer, options) => performer.doTask(taskRequestOf(), options),
    answer: { message: 'Written.', status: 'success', result: 'There was a young bee' },
    meaning: { status: 'success', result: 'There was a young bee' },
    unusable: [
      ...GARBAGE,
      ['a success without a result', '{"status": "success", "message": "Done.", "result": "null"}'],
      ['a failure without a reason', '{"status": "failure", "result": "null"}'],
    ],
  },
  {
    verb: 'judge',
    schema: JUDGEMENT_SCHEMA,
    run: (performer, options) => performer.judge(judgementRequestOf(), options),
    answer: { reasoning: 'Four lines are missing.', accepted: false, feedback: 'Write five lines.' },
    meaning: { accepted: false, feedback: 'Write five lines.' },
    unusable: [...GARBAGE, ['a rejection without feedback', '{"accepted": false, "feedback": " "}']],
  },
];

describe.each([GEMINI, OPENAI])('$name', ({ name, wire, createPerformer, promptOf }) => {
  describe.each(VERBS)('$verb', ({ schema, run, answer, meaning, unusable }) => {
    const good: Reply = wire.text(JSON.stringify(answer));
    const work = (options?: PerformOptions) => run(createPerformer({ server, time }), options);

    test('an answer means what it says; the request asks for its schema', async () => {
      server.willReply(good);
      expect(await work()).toEqual(meaning);
      expect(JSON.stringify(server.requests[0]?.body)).toContain(JSON.stringify(schema));
    });

    test.each<[string, readonly Reply[]]>([
      ['a 500', [wire.error({ status: 500 })]],
      ['a closed connection', ['reset']],
      ['an answer that breaks off and a 429', ['cut', wire.error({ status: 429 })]],
    ])('%s passes by itself', async (_, failures) => {
      server.willReply(...failures, good);
      expect(await work()).toEqual(meaning);
      expect(time.sleeps).toEqual([375, 750].slice(0, failures.length));
    });

    test('503 three times: unavailable', async () => {
      server.willReply(...Array<Reply>(3).fill(wire.error({ status: 503 })), good);
      const fault = await faultOf(work());
      expect(fault).toMatchObject({ code: 'AI_UNAVAILABLE', retryable: true, retryAfterMs: 2_000 });
      expect(fault.message).toBe(
        `The AI provider (${name}) failed with HTTP status 503; nothing was done. Try the task again in 2 s.`,
      );
      expect(fault.details).toMatchObject({ attempts: 3 });
      expect(server.requests).toHaveLength(3);
    });

    test('a 429 whose wait fits the budget is waited for; another is passed on', async () => {
      server.willReply(wire.error({ status: 429, headers: { 'retry-after': '12' } }), good);
      expect(await work()).toEqual(meaning);
      expect(time.sleeps).toEqual([12_000]);
      server.willReply(wire.error({ status: 429, headers: { 'retry-after': '60' } }), good);
      expect(await faultOf(work())).toMatchObject({ code: 'AI_RATE_LIMITED', retryAfterMs: 60_000 });
      expect(server.requests).toHaveLength(3);
    });

    test('attempts that hang use up the budget and no more', async () => {
      server.willReply('hang', 'hang', 'hang', good);
      const working = faultOf(work());
      for (const number of [1, 2, 3]) {
        const { closedByCaller } = await server.request(number);
        time.elapse(time.untilNextTimer() ?? Number.NaN);
        await closedByCaller;
      }
      expect(await working).toMatchObject({ code: 'AI_TIMEOUT', retryable: true });
      expect(Math.abs(time.clock.monotonicMs() - BUDGET_MS)).toBeLessThanOrEqual(1);
    });

    test.each([401, 403, 404])('%i: misconfigured, not retried', async (status) => {
      server.willReply(wire.error({ status }), good);
      expect(await faultOf(work())).toMatchObject({ code: 'AI_MISCONFIGURED', retryable: false });
      expect(server.requests).toHaveLength(1);
    });

    test('a block for safety is final', async () => {
      const blocked = name === 'gemini' ? geminiWire.stopped('SAFETY') : openaiWire.refusal();
      server.willReply(blocked, good);
      const fault = await faultOf(work());
      expect(fault).toMatchObject({ code: 'AI_SAFETY_BLOCKED', retryable: false });
      expect(fault.message).toContain('word the task differently');
      expect(server.requests).toHaveLength(1);
    });

    const unusableReplies: [string, Reply][] = [
      ...unusable.map(([what, text]): [string, Reply] => [what, wire.text(text)]),
      ['truncated, though it reads well', wire.truncated(JSON.stringify(answer))],
    ];

    test.each(unusableReplies)('%s is sent back once', async (_, reply) => {
      server.willReply(reply, good);
      expect(await work()).toEqual(meaning);
      const [first, repair] = server.requests.map(({ body }) => promptOf(body));
      expect(first).not.toContain('could not be used');
      expect(repair).toContain('Your last answer could not be used: ');
      expect(repair).not.toContain('Allowed names');
    });

    test.each(unusableReplies)('%s, twice: no usable answer', async (_, reply) => {
      server.willReply(reply, reply, good);
      const fault = await faultOf(work());
      expect(fault).toMatchObject({ code: 'AI_INVALID_DECISION', retryable: true, details: { attempts: 2 } });
      expect(server.requests).toHaveLength(2);
    });

    test('retries and repair share one budget', async () => {
      server.willReply(wire.error({ status: 500 }), wire.text(''), wire.error({ status: 500 }), good);
      expect(await work()).toEqual(meaning);
      server.willReply(...Array<Reply>(2).fill(wire.error({ status: 500 })), wire.text(''), 'reset', good);
      expect(await faultOf(work())).toMatchObject({ code: 'AI_UNAVAILABLE', details: { attempts: 4 } });
    });

    test('cancelling closes the connection and answers at once', async () => {
      server.willReply('hang');
      const caller = new AbortController();
      const working = faultOf(work({ signal: caller.signal }));
      const { closedByCaller } = await server.request(1);
      caller.abort();
      expect(await working).toMatchObject({ code: 'CANCELLED' });
      await closedByCaller;
      expect(time.untilNextTimer()).toBeUndefined();
      expect(await faultOf(work({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'CANCELLED' });
      expect(server.requests).toHaveLength(1);
    });
  });
});
