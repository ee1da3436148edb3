import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Model } from '../../../src/ai/model.ts';
import type { FaultCode } from '../../../src/domain/errors.ts';
import { type FakeProvider, type Reply, startFakeProvider } from '../../support/fake-provider.ts';
import { decisionText, geminiWire, openaiWire } from '../../support/provider-wires.ts';
import { createVirtualTime, type VirtualTime } from '../../support/virtual-time.ts';
import { API_KEY, BUDGET_MS, faultAdvising, GEMINI, OPENAI } from './llm-subject.ts';
import { requestOf } from './requests.ts';

const PUBLISH = decisionText({ next_step_name: 'publish' });

let server: FakeProvider;
let time: VirtualTime;

beforeEach(async () => {
  server = await startFakeProvider();
  time = createVirtualTime();
});

afterEach(() => server.close());

const faultOf = (deciding: Promise<unknown>) =>
  faultAdvising(deciding, /; nothing moved\. (?:Send|Sending) the same call again/);

/** A local port that nothing listens on. */
async function closedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 1;
}

describe.each([GEMINI, OPENAI])('$name', ({ name, wire, createModel, promptOf }) => {
  const decide = (model: Model = createModel({ server, time })) => model.decide(requestOf());
  const decides: Reply = wire.text(PUBLISH);

  describe('failures that pass by themselves are retried', () => {
    test.each<[string, readonly Reply[]]>([
      ['a 500', [wire.error({ status: 500 })]],
      ['two 503', [wire.error({ status: 503 }), wire.error({ status: 503 })]],
      ['a closed connection', ['reset']],
      ['an answer that breaks off', ['cut']],
      ['a 429 without a wait', [wire.error({ status: 429 })]],
      ['a page in place of an answer', [{ status: 200, body: '<html>Sign in</html>' }]],
    ])('%s, then a decision', async (_, failures) => {
      server.willReply(...failures, decides);
      const decision = await decide();
      expect(decision).toMatchObject({ nextStepName: 'publish', attempts: failures.length + 1 });
      expect(time.sleeps).toEqual([375, 750].slice(0, failures.length));
    });

    test('503 three times: unavailable', async () => {
      server.willReply(
        ...Array<Reply>(3).fill(wire.error({ status: 503, message: `Overloaded. ${API_KEY}` })),
        decides,
      );
      const fault = await faultOf(decide());
      expect(fault).toMatchObject({ code: 'AI_UNAVAILABLE', retryable: true, retryAfterMs: 2_000 });
      expect(fault.message).toBe(
        `The AI provider (${name}) failed with HTTP status 503; nothing moved. Send the same call again in 2 s.`,
      );
      expect(fault.details).toMatchObject({ attempts: 3, http_status: 503 });
      expect(fault.details?.provider_message).toMatch(/Overloaded\. \[secret\]/);
      expect(server.requests).toHaveLength(3);
    });

    test('nobody listens: unavailable, with the reason', async () => {
      const origin = `http://127.0.0.1:${await closedPort()}`;
      const fault = await faultOf(decide(createModel({ server: { ...server, origin }, time })));
      expect(fault).toMatchObject({ code: 'AI_UNAVAILABLE', retryable: true });
      expect(fault.message).toContain('could not be reached');
      expect(fault.details).toMatchObject({ attempts: 3, network_error: 'ECONNREFUSED' });
    });
  });

  describe('time-out', () => {
    test('an attempt that hangs gives way to the next', async () => {
      server.willReply('hang', decides);
      const deciding = decide();
      const { closedByCaller } = await server.request(1);
      expect(time.untilNextTimer()).toBe(20_000);
      time.elapse(20_000);
      await closedByCaller;
      expect(await deciding).toMatchObject({ nextStepName: 'publish', attempts: 2, latencyMs: 20_375 });
    });

    test('three attempts that hang use up the budget and no more', async () => {
      server.willReply('hang', 'hang', 'hang', decides);
      const deciding = faultOf(decide());
      for (const number of [1, 2, 3]) {
        const { closedByCaller } = await server.request(number);
        time.elapse(time.untilNextTimer() ?? Number.NaN);
        await closedByCaller;
      }
      const fault = await deciding;
      expect(fault).toMatchObject({ code: 'AI_TIMEOUT', retryable: true, retryAfterMs: 2_000 });
      expect(fault.message).toContain('did not answer within 30 s');
      expect(Math.abs(time.clock.monotonicMs() - BUDGET_MS)).toBeLessThanOrEqual(1);
      expect(server.requests).toHaveLength(3);
    });

    test('no retry when too little of the budget is left', async () => {
      server.willReply('hang', decides);
      const deciding = faultOf(decide());
      await server.request(1);
      time.elapse(BUDGET_MS - 1_000);
      expect(await deciding).toMatchObject({ code: 'AI_TIMEOUT', details: { attempts: 1 } });
    });
  });

  describe('rate limit', () => {
    test('a wait that fits the budget is honoured', async () => {
      server.willReply(wire.error({ status: 429, headers: { 'retry-after': '12' } }), decides);
      expect(await decide()).toMatchObject({ nextStepName: 'publish', attempts: 2 });
      expect(time.sleeps).toEqual([12_000]);
    });

    test('a wait that does not fit is passed on at once', async () => {
      server.willReply(wire.error({ status: 429, headers: { 'retry-after': '31' } }), decides);
      const fault = await faultOf(decide());
      expect(fault).toMatchObject({ code: 'AI_RATE_LIMITED', retryable: true, retryAfterMs: 31_000 });
      expect(fault.message).toContain('Send the same call again in 31 s.');
      expect(time.sleeps).toEqual([]);
      expect(server.requests).toHaveLength(1);
    });

    test('a wait until a date counts from the date of the answer', async () => {
      server.willReply(
        wire.error({
          status: 429,
          headers: { date: 'Wed, 21 Oct 2015 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2015 07:28:09 GMT' },
        }),
        decides,
      );
      expect(await decide()).toMatchObject({ attempts: 2 });
      expect(time.sleeps).toEqual([9_000]);
    });

    test('without a wait, three times: rate limited', async () => {
      server.willReply(...Array<Reply>(3).fill(wire.error({ status: 429 })));
      expect(await faultOf(decide())).toMatchObject({ code: 'AI_RATE_LIMITED', retryAfterMs: 10_000 });
      expect(server.requests).toHaveLength(3);
    });
  });

  test.each<[string, Reply, RegExp]>([
    ['401', wire.error({ status: 401 }), /refused the key/],
    ['402', wire.error({ status: 402 }), /wants to be paid/],
    ['403', wire.error({ status: 403 }), /denied access/],
    ['404', wire.error({ status: 404, message: `model not found ${API_KEY}` }), /has no model "/],
    ['a redirection', { status: 302, headers: { location: '/elsewhere' }, body: {} }, /redirection/],
  ])('%s: misconfigured, not retried', async (_, reply, message) => {
    server.willReply(reply, decides);
    const fault = await faultOf(decide());
    expect(fault).toMatchObject({ code: 'AI_MISCONFIGURED', retryable: false });
    expect(fault.message).toMatch(message);
    expect(fault.hint).toMatch(/^Check /);
    expect(server.requests).toHaveLength(1);
  });

  describe('an answer that is no decision is sent back once', () => {
    const invalid: [string, Reply][] = [
      ['truncated', wire.truncated(PUBLISH.slice(0, 30))],
      ['truncated, though it reads well', wire.truncated(PUBLISH)],
      ['empty', wire.text('')],
      ['garbage', wire.text('I would go on with publishing.')],
      ['broken JSON', wire.text(PUBLISH.slice(0, -1))],
      ['a list', wire.text('["publish"]')],
      ['another schema', wire.text('{"step": "publish"}')],
      [
        'a wrong type',
        wire.text(decisionText({ next_step_name: 'publish', updated_context: [{ key: '', value: '1' }] })),
      ],
      [
        'an unknown status',
        wire.text(decisionText({ next_step_name: 'publish', status_suggestion: 'DONE' })),
      ],
      ['an unknown step', wire.text(decisionText({ next_step_name: 'deploy' }))],
      ['almost a step', wire.text(decisionText({ next_step_name: 'publish it' }))],
    ];

    test.each(invalid)('%s, then a decision', async (_, reply) => {
      server.willReply(reply, decides);
      const decision = await decide();
      expect(decision).toMatchObject({ nextStepName: 'publish', attempts: 2 });
      expect(decision).toMatchObject({ promptTokens: 240, outputTokens: 68 });
      const [first, repair] = server.requests.map(({ body }) => promptOf(body));
      expect(first).not.toContain('could not be used');
      expect(repair).toContain('Your last answer could not be used');
      expect(repair).toContain('Allowed names: draft, review, publish, FINISH');
      expect(time.sleeps).toEqual([]);
    });

    test.each(invalid)('%s, twice', async (_, reply) => {
      server.willReply(reply, reply, decides);
      const fault = await faultOf(decide());
      expect(fault).toMatchObject({ code: 'AI_INVALID_DECISION', retryable: true, details: { attempts: 2 } });
      expect(server.requests).toHaveLength(2);
    });

    test('a step that is not allowed is treated like one that is unknown', async () => {
      const request = requestOf({ allowed: ['draft', 'FINISH'] });
      server.willReply(decides, wire.text(decisionText({ next_step_name: 'draft' })));
      expect(await createModel({ server, time }).decide(request)).toMatchObject({
        nextStepName: 'draft',
        attempts: 2,
      });
      const repair = promptOf(server.requests[1]?.body ?? {});
      expect(repair).toMatch(/publish\\+" is not allowed/);
      expect(repair).toContain('Allowed names: draft, FINISH');
      server.willReply(decides, decides);
      expect(await faultOf(createModel({ server, time }).decide(request))).toMatchObject({
        code: 'AI_INVALID_DECISION',
        details: { problem: 'next_step_name "publish" is not allowed.' },
      });
    });

    test('retries and repair share one budget', async () => {
      server.willReply(wire.error({ status: 500 }), wire.text(''), wire.error({ status: 500 }), decides);
      expect(await decide()).toMatchObject({ nextStepName: 'publish', attempts: 4 });
      expect(time.sleeps).toEqual([375, 750]);
    });
  });

  test.each([
    ['in a code fence', `\`\`\`json\n${PUBLISH}\n\`\`\``],
    ['after thoughts and a sentence', `<think>{"a": 1}</think>Here you are: ${PUBLISH}\nGood luck!`],
    ['with the name in another case', decisionText({ next_step_name: 'Publish' })],
    ['with nothing but the name', '{"next_step_name": "publish"}'],
  ])('a decision %s is accepted', async (_, text) => {
    server.willReply(wire.text(text));
    expect(await decide()).toMatchObject({ nextStepName: 'publish', attempts: 1 });
  });

  describe('cancellation', () => {
    test('closes the connection and answers at once', async () => {
      server.willReply('hang');
      const caller = new AbortController();
      const deciding = faultOf(createModel({ server, time }).decide(requestOf(), { signal: caller.signal }));
      const { closedByCaller } = await server.request(1);
      caller.abort();
      expect(await deciding).toMatchObject({ code: 'CANCELLED' });
      await closedByCaller;
      expect(server.requests).toHaveLength(1);
      expect(time.untilNextTimer()).toBeUndefined();
    });

    test('before the first request: none is sent', async () => {
      const deciding = createModel({ server, time }).decide(requestOf(), { signal: AbortSignal.abort() });
      expect(await faultOf(deciding)).toMatchObject({ code: 'CANCELLED' });
      expect(server.requests).toHaveLength(0);
    });

    test('while waiting for a retry: none is sent', async () => {
      const caller = new AbortController();
      const sleep = time.timers.sleep;
      time.timers.sleep = async (ms, signal) => {
        caller.abort();
        await sleep(ms, signal);
      };
      server.willReply(wire.error({ status: 500 }), decides);
      const deciding = createModel({ server, time }).decide(requestOf(), { signal: caller.signal });
      expect(await faultOf(deciding)).toMatchObject({ code: 'CANCELLED' });
      expect(server.requests).toHaveLength(1);
    });
  });
});

describe('what only Gemini says', () => {
  const decide = () => GEMINI.createModel({ server, time }).decide(requestOf());

  test.each<[string, Reply]>([
    ...['SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT'].map((reason): [string, Reply] => [
      `prompt: ${reason}`,
      geminiWire.blockedPrompt(reason),
    ]),
    ...['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII'].map((reason): [string, Reply] => [
      `answer: ${reason}`,
      geminiWire.stopped(reason),
    ]),
  ])('blocked %s', async (what, reply) => {
    server.willReply(reply, reply);
    const fault = await faultOf(decide());
    expect(fault).toMatchObject({ code: 'AI_SAFETY_BLOCKED', retryable: false });
    expect(fault.details?.reason).toBe(what.split(': ')[1]);
    expect(server.requests).toHaveLength(1);
  });

  test('RetryInfo in the body of a 429', async () => {
    server.willReply(geminiWire.rateLimited('2.5s'), geminiWire.text(PUBLISH));
    expect(await decide()).toMatchObject({ attempts: 2 });
    expect(time.sleeps).toEqual([2_500]);
    server.willReply(geminiWire.rateLimited('40s'));
    expect(await faultOf(decide())).toMatchObject({ code: 'AI_RATE_LIMITED', retryAfterMs: 40_000 });
  });

  test('a wrong key, which comes with status 400', async () => {
    server.willReply(geminiWire.badKey());
    const fault = await faultOf(decide());
    expect(fault.code).toBe('AI_MISCONFIGURED');
    expect(fault.message).toMatch(/refused the key/);
    expect(server.requests).toHaveLength(1);
  });
});

describe('what only OpenAI says', () => {
  const decide = () => OPENAI.createModel({ server, time }).decide(requestOf());

  test.each<[string, Reply]>([
    ['refusal', openaiWire.refusal()],
    ['content_filter', openaiWire.contentFilter()],
    ['content_filter', openaiWire.coded(400, 'content_filter')],
  ])('blocked: %s', async (reason, reply) => {
    server.willReply(reply, reply);
    const fault = await faultOf(decide());
    expect(fault).toMatchObject({ code: 'AI_SAFETY_BLOCKED', retryable: false, details: { reason } });
    expect(server.requests).toHaveLength(1);
  });

  test.each<[string, Reply, FaultCode]>([
    [
      'an empty account, which comes with status 429',
      openaiWire.coded(429, 'insufficient_quota'),
      'AI_MISCONFIGURED',
    ],
    ['a prompt that is too long', openaiWire.coded(400, 'context_length_exceeded'), 'AI_MISCONFIGURED'],
  ])('%s is not retried', async (_, reply, code) => {
    server.willReply(reply, openaiWire.text(PUBLISH));
    expect(await faultOf(decide())).toMatchObject({ code, retryable: false });
    expect(server.requests).toHaveLength(1);
  });

  test('retry-after-ms', async () => {
    server.willReply(
      openaiWire.error({ status: 429, headers: { 'retry-after-ms': '1234', 'retry-after': '2' } }),
      openaiWire.text(PUBLISH),
    );
    expect(await decide()).toMatchObject({ attempts: 2 });
    expect(time.sleeps).toEqual([1_234]);
  });

  test("a router's failure inside a success", async () => {
    server.willReply(
      { status: 200, body: { error: { code: 502, message: 'Upstream' } } },
      openaiWire.text(PUBLISH),
    );
    expect(await decide()).toMatchObject({ attempts: 2 });
    server.willReply({ status: 200, body: { error: { code: 401, message: 'No' } } });
    expect(await faultOf(decide())).toMatchObject({ code: 'AI_MISCONFIGURED' });
  });
});
