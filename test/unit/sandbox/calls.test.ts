import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JsonValue } from '../../../src/domain/json.ts';
import type { CallReply, GuestCall } from '../../../src/sandbox/runner.ts';
import { defaultReply, occurrence, sandboxSubject } from './sandbox-subject.ts';

// How a script calls out, and what comes back.

const subject = sandboxSubject();

test('calls carry a number, a name, JSON arguments and a line', async () => {
  const calls: GuestCall[] = [];
  const { result } = await subject.run(
    `const one = await echo({ a: [1, undefined, NaN, new Date(0)], b: undefined });

     const [two, three] = await Promise.all([files__read('x', 2), echo(undefined)]);
     return [one, two, three];`,
    {
      onCall: (call) => {
        calls.push(call);
        return defaultReply(call);
      },
    },
  );
  const first = { a: [1, null, null, '1970-01-01T00:00:00.000Z'] };
  expect(calls).toEqual([
    { seq: 1, name: 'echo', args: [first], argsJson: JSON.stringify([first]), line: 1 },
    { seq: 2, name: 'files__read', args: ['x', 2], argsJson: '["x",2]', line: 3 },
    { seq: 3, name: 'echo', args: [], argsJson: '[]', line: 3 },
  ]);
  expect(result).toEqual([first, 'x', null]);
});

test.each([
  ['letters', "'x'.repeat(300_000)", 'x'.repeat(300_000)],
  ['letters of several bytes', "'é€😀'.repeat(10_000)", 'é€😀'.repeat(10_000)],
  ['halves of letters', "'\\ud83d\\ude00\\ud83d'.repeat(1_000)", '\ud83d\ude00\ud83d'.repeat(1_000)],
])('long texts arrive as they are: %s', async (_, source, text) => {
  const calls: GuestCall[] = [];
  const { result } = await subject.run(
    `const text = ${source}; return await Promise.all([echo(text), echo({ text })]);`,
    {
      onCall: (call) => {
        calls.push(call);
        return defaultReply(call);
      },
    },
  );
  expect(calls.map(({ args }) => args)).toEqual([[text], [{ text }]]);
  for (const { args, argsJson } of calls) expect(JSON.parse(argsJson)).toEqual(args);
  expect(result).toEqual([text, { text }]);
});

test('a call is told with the line that makes it, also in a function that was awaited before', async () => {
  const lines: (number | undefined)[] = [];
  await subject.run(
    `const one = async () => {
       await null;
       return echo(1);
     };
     await one();
     for await (const x of (async function* () { yield* [echo(2),
       echo(3)]; })());`,
    {
      onCall: ({ line }) => {
        lines.push(line);
        return { ok: true, value: null };
      },
    },
  );
  expect(lines).toEqual([3, 6, 7]);
});

test('numbers are given in the order of the calls, whatever the order of the replies', async () => {
  const source = `
    const seen = [];
    await Promise.all([1, 2, 3].map(async (n) => { seen.push(await echo(n)); await echo(n * 10); }));
    return seen;`;
  const held: [GuestCall, (reply: CallReply) => void][] = [];
  const answerFromTheLast = async () => {
    for (const [{ args }, answer] of held.reverse()) {
      answer({ ok: true, value: args[0] ?? null });
      await nextTurn();
    }
  };
  const { result } = await subject.run(source, {
    onCall: async (call) => {
      if (call.seq > 3) return { ok: true, value: null };
      const { happened, happen } = occurrence<CallReply>();
      held.push([call, happen]);
      if (held.length === 3) void answerFromTheLast();
      return happened;
    },
  });
  expect(result).toEqual([3, 2, 1]);
});

test('it makes no difference whether replies come together or one by one', async () => {
  const source = `
    const trace = [];
    const follow = async (n) => { trace.push(await echo(n)); await null; trace.push(-n); await echo(n + 10); };
    await Promise.all([follow(1), follow(2), Promise.race([follow(3), sleep(5)])]);
    return trace;`;
  const traces: unknown[] = [];
  for (const pause of [async () => {}, () => nextTurn<void>()]) {
    const calls: unknown[] = [];
    let turn = Promise.resolve();
    const { result } = await subject.run(source, {
      onCall: async (call) => {
        calls.push([call.seq, call.args]);
        turn = turn.then(pause);
        await turn;
        return defaultReply(call);
      },
    });
    traces.push([calls, result]);
  }
  expect(traces[0]).toEqual(traces[1]);
});

test('a failed call is an error that can be caught', async () => {
  const { result } = await subject.run(`
    try {
      await files__fail({ path: 'x' });
    } catch (error) {
      return [error instanceof Error, error.name, error.message, { ...error }, error.stack];
    }`);
  expect(result).toEqual([
    true,
    'Error',
    'There is no such file.',
    { server: 'files', tool: 'fail', line: 3 },
    '    at files__fail (script.ts:3:13)',
  ]);
});

test('one of code that has no place in the script says at least which call failed', async () => {
  const { result } = await subject.run(
    `let failing;
     await new Promise((resolve) => queueMicrotask(() => { failing = eval('files__fail()'); resolve() }));
     try { await failing } catch (error) { return error.stack.startsWith('    at files__fail') }`,
  );
  expect(result).toBe(true);
});

test('one that is not caught is the error of the run', async () => {
  expect(await subject.run("\n  const found = await files__fail({ path: 'x' });")).toMatchObject({
    status: 'failed',
    error: {
      name: 'Error',
      message: 'There is no such file.',
      line: 2,
      column: 23,
      fields: { server: 'files', tool: 'fail' },
    },
    calls: 1,
  });
});

test('fields can be of any name', async () => {
  const { error } = await subject.run('await echo(1)', {
    onCall: () => ({
      ok: false,
      message: 'odd',
      fields: JSON.parse('{"__proto__": {"x": 1}, "toString": 1, "name": "ToolError", "stack": "none"}'),
    }),
  });
  expect(error).toMatchObject({ name: 'ToolError', message: 'odd' });
  expect(JSON.stringify(error?.fields)).toBe('{"__proto__":{"x":1},"toString":1}');
});

test('race, allSettled, any, generators and finally work with calls', async () => {
  const { result } = await subject.run(`
    const race = await Promise.race([echo('first'), new Promise(() => {})]);
    const settled = (await Promise.allSettled([echo(1), files__fail()])).map(({ status }) => status);
    const any = await Promise.any([files__fail(), echo('any')]);
    const generated = [];
    async function* pages() { for (const page of [1, 2]) yield await echo(page); }
    for await (const page of pages()) generated.push(page);
    let last = '';
    try { await files__fail(); } catch { last += 'caught '; } finally { last += 'finally'; }
    return { race, settled, any, generated, last };`);
  expect(result).toEqual({
    race: 'first',
    settled: ['fulfilled', 'rejected'],
    any: 'any',
    generated: [1, 2],
    last: 'caught finally',
  });
});

test('constants are there under their names', async () => {
  const { result } = await subject.run('return [input.ids.length, __proto__.x]', {
    constants: JSON.parse('{"input": {"ids": [1, 2]}, "__proto__": {"x": 3}}'),
  });
  expect(result).toEqual([2, 3]);
});

test('calls are made in their order, sleeps among them', async () => {
  const names: string[] = [];
  await subject.run('await Promise.all([echo(1), sleep(1), files__read(2), sleep(2)])', {
    onCall: (call) => {
      names.push(call.name);
      return { ok: true, value: null };
    },
  });
  expect(names).toEqual(['echo', 'sleep', 'files__read', 'sleep']);
});

test('sleeping is a call, and so are timers', async () => {
  const calls: GuestCall[] = [];
  const { output } = await subject.run(
    `const late = setTimeout((word) => console.log(word), 20, 'never');
     setTimeout((...words) => console.log(...words), 10, 'a', 'b');
     clearTimeout(late);
     console.log(await sleep(-5), await sleep('x'), await sleep(1e12));
     setTimeout(() => console.log('after the end'), 0);`,
    {
      onCall: (call) => {
        calls.push(call);
        return { ok: true, value: 'awake' };
      },
    },
  );
  expect(calls.map(({ name, args }) => [name, ...args])).toEqual([
    ['sleep', 20],
    ['sleep', 10],
    ['sleep', 0],
    ['sleep', 0],
    ['sleep', 2 ** 31 - 1],
    ['sleep', 0],
  ]);
  expect(output).toBe('a b\nundefined undefined undefined\n');
});

test.each([
  [
    'echo(1n)',
    'What echo was called with cannot become JSON: it holds a BigInt; use Number(...) or String(...)',
  ],
  [
    'echo({ a: echo(1) })',
    'What echo was called with cannot become JSON: it holds a promise; await it first',
  ],
  ['echo({ get x() { throw new Error("no") } })', 'What echo was called with cannot become JSON: no'],
  ["echo('x'.repeat(1024 * 1024))", 'echo was called with more than 1048576 bytes of JSON'],
  [
    'echo(Array(20_000).fill(0))',
    'echo was called with more than 20000 values; hand them over in several calls',
  ],
  ["echo('é'.repeat(600_000))", 'echo was called with more than 1048576 bytes of JSON'],
  [
    'let deep = []; for (let i = 0; i < 100; i++) deep = [deep]; await echo(deep)',
    'echo was called with JSON that is more than 100 levels deep',
  ],
])('%s is refused without a call', async (source, message) => {
  const { status, error } = await subject.run(`await ${source}`.replace('await let', 'let'), {
    onCall: (call) => {
      if (call.args.length > 0 && call.args[0] !== 1) throw new Error('It was called.');
      return { ok: true, value: null };
    },
  });
  expect([status, error?.name, error?.message]).toEqual(['failed', 'TypeError', message]);
});

test('the largest arguments, and the deepest, go through', async () => {
  const { status, result } = await subject.run(`
    let deep = []; for (let i = 0; i < 97; i++) deep = [deep];
    await echo(deep);
    return (await echo('x'.repeat(1024 * 1024 - 4))).length;`);
  expect([status, result]).toEqual(['completed', 1024 * 1024 - 4]);
});

test('only so many calls are in flight, and sleeping is none of them', async () => {
  let inFlight = 0;
  let most = 0;
  const { result } = await subject.run(
    'const sleeping = [sleep(1), sleep(1), sleep(1)]; const all = await Promise.all(Array.from({ length: 20 }, (_, i) => echo(i))); await Promise.all(sleeping); return all.length',
    {
      limits: { callsInFlightMax: 3 },
      onCall: async (call) => {
        if (call.name === 'sleep') {
          // Awake only once the others are in flight: they did not have to wait for it.
          while (inFlight < 3 && most < 3) await nextTurn();
          return { ok: true, value: null };
        }
        inFlight += 1;
        most = Math.max(most, inFlight);
        await nextTurn();
        inFlight -= 1;
        return defaultReply(call);
      },
    },
  );
  expect([result, most]).toEqual([20, 3]);
});

test('what a script does not wait for is counted, and its replies go nowhere', async () => {
  const { happened, happen } = occurrence();
  const outcome = await subject.run('void echo(1); void echo(2); await echo(3); return 1', {
    onCall: async (call) => {
      if (call.seq < 3) await happened;
      return defaultReply(call);
    },
  });
  expect(outcome).toMatchObject({ status: 'completed', result: 1, calls: 3, unansweredCalls: 2 });
  happen();
  await nextTurn();
  expect(await subject.run('return 2')).toMatchObject({ status: 'completed', result: 2 });
});

test('large replies arrive, and those that the machine has no room for are errors', async () => {
  const { result } = await subject.run(
    `const small = await echo('small');
     const kept = small.length;
     try { await echo('large') } catch (error) { return [kept, error.message] }`,
    {
      limits: { memoryBytes: 16 * 1024 * 1024 },
      onCall: ({ args }) => ({ ok: true, value: 'x'.repeat((args[0] === 'small' ? 2 : 40) * 1024 * 1024) }),
    },
  );
  expect(result).toEqual([2 * 1024 * 1024, expect.stringContaining('too large')]);
});

test('a reply that is nested without end is an error', async () => {
  let value: JsonValue = [];
  for (let depth = 0; depth < 100_000; depth += 1) value = [value];
  const { status, error } = await subject.run('await echo(1)', { onCall: () => ({ ok: true, value }) });
  expect([status, error?.message]).toEqual(['failed', expect.stringContaining('The reply is no JSON')]);
});

test('what onCall rejects with ends the script, and is what the run rejects with', async () => {
  const divergence = new Error('This is not the call that was recorded.');
  const calls: number[] = [];
  await expect(
    subject.run('try { await echo(1) } catch {} await echo(2); for (;;) await echo(3);', {
      onCall: async (call) => {
        calls.push(call.seq);
        if (call.seq === 2) throw divergence;
        return defaultReply(call);
      },
    }),
  ).rejects.toBe(divergence);
  expect(calls).toEqual([1, 2]);
});
