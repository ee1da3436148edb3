import { expect, test } from 'vitest';
import { sandboxSubject } from './sandbox-subject.ts';

// What a script is: the language, and what it returns, writes and is told when it is wrong.

const subject = sandboxSubject();

test('TypeScript is the body of an async function', async () => {
  const { status, result } = await subject.run(`
    interface Item { readonly id: number }
    enum Colour { Red, Green }
    const items: Item[] = await Promise.all([1, 2].map(async (id): Promise<Item> => ({ id })));
    return { ids: items.map(({ id }) => id), colour: Colour.Green as number };
  `);
  expect([status, result]).toEqual(['completed', { ids: [1, 2], colour: 1 }]);
});

test('a namespace is refused, where the parser would leave it out; what looks like one is not', async () => {
  await expect(
    subject.run('const a = 1;\nnamespace N {\n  export const b = 2;\n}\nreturn a;'),
  ).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message:
      'The script cannot be parsed: a script has no namespaces; use an object or functions (line 2, column 1).',
  });
  const { result } = await subject.run(
    '/*\nnamespace A {\n*/\ndeclare namespace B { const c: number }\nconst text = `\nmodule D {}`;\nreturn text.length',
  );
  expect(result).toBe(12);
});

test('nothing returned is null', async () => {
  expect(await subject.run('')).toMatchObject({ status: 'completed', result: null });
  expect(await subject.run('return undefined')).toMatchObject({ status: 'completed', result: null });
});

test('a result is what its JSON says', async () => {
  const { result } = await subject.run(
    "return { a: undefined, f() {}, n: NaN, i: -Infinity, d: new Date(0), s: [undefined, Symbol('x')], '__proto__x': 1 }",
  );
  expect(result).toEqual({ n: null, i: null, d: '1970-01-01T00:00:00.000Z', s: [null, null], __proto__x: 1 });
});

test.each([
  ['return () => 1', 'The result is a function; return data'],
  ['const a = {}; a.a = a; return a', 'The result cannot become JSON: circular reference'],
  ['return { n: 1n }', 'The result cannot become JSON: it holds a BigInt; use Number(...) or String(...)'],
  ['return [echo(1)]', 'The result cannot become JSON: it holds a promise; await it first'],
  [
    'return new Map()',
    'The result cannot become JSON: it holds a Map; use Object.fromEntries(map) or [...map]',
  ],
  ['return [new Set()]', 'The result cannot become JSON: it holds a Set; use [...set]'],
])('%s says what is wrong with it', async (source, message) => {
  expect(await subject.run(source)).toMatchObject({
    status: 'failed',
    error: { name: 'TypeError', message },
  });
});

test('errors in results, arguments and output say what they say', async () => {
  const { result, output } = await subject.run(
    `const failed = await Promise.allSettled([files__fail({}), echo(1)]);
     const error = Object.assign(new TypeError('wrong', { cause: new RangeError('why') }), { code: 7, message: 'wrong!' });
     console.log({ error }, [new Error('two')]);
     return { failed, error, echoed: await echo({ error: new Error('three') }), many: new AggregateError([new Error('a')], 'all') };`,
  );
  const error = {
    name: 'TypeError',
    message: 'wrong!',
    code: 7,
    cause: { name: 'RangeError', message: 'why' },
  };
  expect(result).toEqual({
    failed: [
      {
        status: 'rejected',
        reason: { name: 'Error', message: 'There is no such file.', server: 'files', tool: 'fail', line: 1 },
      },
      { status: 'fulfilled', value: 1 },
    ],
    error,
    echoed: { error: { name: 'Error', message: 'three' } },
    many: { name: 'AggregateError', message: 'all', errors: [{ name: 'Error', message: 'a' }] },
  });
  expect(output).toBe(`${JSON.stringify({ error })} [{"name":"Error","message":"two"}]\n`);
  expect(await subject.run('return new Error("x")')).toMatchObject({
    result: { name: 'Error', message: 'x' },
  });
});

test.each([
  ["throw new Error('a', { cause: new Error('b', { cause: 'c' }) })", 'a (cause: b (cause: c))'],
  ["await Promise.any([files__fail({}), Promise.reject('x')])", 'There is no such file.; x'],
  ["throw new AggregateError([new Error('a'), new Error('b')], 'all')", 'all: a; b'],
  ["const e = new Error('a'); e.cause = e; throw e", 'a (cause: a (cause: a (cause: a)))'],
  ["throw Object.assign(new Error('a'), { errors: 5, cause: undefined })", 'a'],
  ["throw Object.defineProperty(new Error('a'), 'cause', { get() { throw 1 } })", 'a'],
])('%s says what led to it', async (source, message) => {
  expect(await subject.run(source)).toMatchObject({ status: 'failed', error: { message } });
});

test('a key named __proto__ stays a key', async () => {
  const { result, calls } = await subject.run(
    `const odd = JSON.parse('{"__proto__": {"polluted": true}}'); return [odd, await echo(odd)]`,
    {
      onCall: ({ args }) => {
        expect(Object.getPrototypeOf(args[0])).toBe(Object.prototype);
        return { ok: true, value: args[0] ?? null };
      },
    },
  );
  expect(calls).toBe(1);
  expect(JSON.stringify(result)).toBe('[{"__proto__":{"polluted":true}},{"__proto__":{"polluted":true}}]');
  expect({}).not.toHaveProperty('polluted');
});

test('the console has what scripts use of it', async () => {
  const { status, output } = await subject.run(`
    console.group('a'); console.groupCollapsed('b'); console.groupEnd(); console.trace('c', 1); console.dirxml('d');
    console.time('t'); console.timeLog('t'); console.timeEnd('t'); console.count('e'); console.countReset('e');
    console.assert(true, 'no'); console.assert(false, 'yes', { n: 1 }); console.clear();
  `);
  expect([status, output]).toEqual(['completed', 'a\nb\nc 1\nd\ne\nAssertion failed: yes {"n":1}\n']);
});

test('the console writes lines', async () => {
  const { output } = await subject.run(`
    console.log('a', 1, null, undefined, true, 2n, Symbol('s'));
    console.info({ a: [1, { b: 3n }] });
    console.warn(new TypeError('wrong'), () => 1);
    console.error(new Map([['k', 1]]), new Set([2]));
    console.debug();
    const circle = {}; circle.self = circle;
    console.log(circle, { get x() { throw new Error('no'); } });
    console.log('\\u{1F600} \\ud800');
  `);
  expect(output.split('\n')).toEqual([
    'a 1 null undefined true 2n Symbol(s)',
    '{"a":[1,{"b":"3n"}]}',
    'TypeError: wrong [function ]',
    '[object Map] [["k",1]] [object Set] [2]',
    '',
    '[circular reference] [no]',
    '\u{1F600} \ufffd',
    '',
  ]);
});

test('what goes beyond the limit of the output is dropped, and counted', async () => {
  const outcome = await subject.run(
    "console.log('12345'); console.log('\\u{1F600}'.repeat(3)); console.log('x'); return 1",
    { limits: { outputBytesMax: 16 } },
  );
  expect(outcome).toMatchObject({
    status: 'completed',
    output: '12345\n\u{1F600}\u{1F600}',
    outputDroppedBytes: 7,
  });
});

test('the clock says what the host says, and moves with replies only', async () => {
  const times = [1_000, 2_500, 4_000];
  const { result } = await subject.run(
    `const first = [Date.now(), new Date().toISOString(), performance.now()];
     for (let i = 0; i < 1e5; i++);
     const still = Date.now();
     await echo(1);
     const second = [Date.now(), performance.now()];
     await echo(2);
     return [first, still, second, Date.now(), new Date(0).getTimezoneOffset()];`,
    { now: () => times.shift() ?? 0 },
  );
  expect(result).toEqual([[1_000, '1970-01-01T00:00:01.000Z', 0], 1_000, [2_500, 1_500], 4_000, 0]);
});

test('luck comes from the seed', async () => {
  const roll = async (randomSeed: number) =>
    (await subject.run('return [Math.random(), Math.random()]', { randomSeed })).result as number[];
  const [one, again, other] = [await roll(1), await roll(1), await roll(2)];
  expect(one).toEqual(again);
  expect(one).not.toEqual(other);
  for (const number of [...one, ...other]) expect(number >= 0 && number < 1).toBe(true);
});

test('there is nothing but the language', async () => {
  const { result } = await subject.run(
    'return Object.getOwnPropertyNames(globalThis).filter((name) => /^[a-z]/.test(name)).sort()',
  );
  expect(result).toEqual(
    [
      ...['atob', 'btoa', 'clearTimeout', 'console', 'decodeURI', 'decodeURIComponent', 'echo', 'encodeURI'],
      ...[
        'encodeURIComponent',
        'escape',
        'eval',
        'files__fail',
        'files__read',
        'globalThis',
        'isFinite',
        'isNaN',
      ],
      ...[
        'parseFloat',
        'parseInt',
        'performance',
        'queueMicrotask',
        'setTimeout',
        'sleep',
        'structuredClone',
      ],
      ...['undefined', 'unescape'],
    ].sort(),
  );
});

test('every script begins anew', async () => {
  await subject.run("globalThis.left = 1; Array.prototype.map = () => 'broken'; JSON.stringify = () => '1'");
  expect(await subject.run('return [typeof left, [1].map(String), JSON.stringify({})]')).toMatchObject({
    result: ['undefined', ['1'], '{}'],
  });
});

test('text can be encoded, and values cloned', async () => {
  const { result } = await subject.run(`
    const bytes = new TextEncoder().encode('é');
    return [[...bytes], new TextDecoder().decode(bytes), structuredClone({ d: new Date(0) }).d.getTime(), btoa('a')];
  `);
  expect(result).toEqual([[195, 169], 'é', 0, 'YQ==']);
});

test.each([
  ["throw new RangeError('too far')", { name: 'RangeError', message: 'too far', line: 1, column: 11 }],
  ["\n\n  const a: string = 'x', b: Array<number> = [];  null.x", { name: 'TypeError', line: 3, column: 50 }],
  ['type A = {\n  a: string\n}\nfunction f(a: A): void {\n  a.b.c();\n}\nf({} as A)', { line: 5, column: 3 }],
  ["throw 'text'", { name: 'Error', message: 'text' }],
  ["throw { message: 'in an object' }", { name: 'Error', message: 'in an object' }],
  ['throw null', { name: 'Error', message: 'null' }],
  ['throw { code: 3, is: [true] }', { name: 'Error', message: '{"code":3,"is":[true]}' }],
  ["throw [1, 'two']", { message: '[1,"two"]' }],
  ['throw Object.create(null)', { message: '{}' }],
  ['throw { toJSON() {} }', { message: '[object Object]' }],
  ['const own = {}; own.own = own; throw own', { message: 'something that cannot be shown' }],
  ['throw new Error("outer", { cause: { code: 3 } })', { message: 'outer (cause: {"code":3})' }],
  ['throw { get message() { throw 1 } }', { message: 'something that cannot be shown' }],
  ['throw new Proxy({}, { get() { throw 1 } })', { message: 'something that cannot be shown' }],
  [
    "throw Object.assign(new Error('x'), { code: 7, big: { a: [1] } })",
    { fields: { code: 7, big: { a: [1] } } },
  ],
  ["throw Object.assign(new Error('x'), { big: 1n })", { message: 'x' }],
  ['await Promise.any([Promise.reject(1)])', { name: 'AggregateError' }],
])('%s is told with its place', async (source, error) => {
  expect(await subject.run(source)).toMatchObject({ status: 'failed', error });
});

test.each([
  ['files__raed({})', 'files__raed is not defined. Did you mean `files__read`?'],
  ['filesRead({})', 'filesRead is not defined. Did you mean `files__read`?'],
  ['files.read({})', 'files is not defined. Did you mean a function such as `files__read`?'],
  ['somethingElse()', 'somethingElse is not defined.'],
  [
    "await fetch('x')",
    'fetch is not defined. There are the functions of the tools, console, sleep, setTimeout, and the language itself.',
  ],
])('%s is told what it may have meant', async (source, message) => {
  expect(await subject.run(source)).toMatchObject({
    status: 'failed',
    error: { name: 'ReferenceError', message },
  });
});

test('a script that waits for nothing is ended', async () => {
  expect(await subject.run('await new Promise(() => {})')).toMatchObject({
    status: 'failed',
    error: { message: 'The script waits for a promise that nothing will ever settle.' },
  });
});

test.each([
  ['a failure that nobody awaits', "Promise.reject(new Error('lost')); return 1"],
  ['one of a call', 'void files__fail(); await echo(1); return 1', 'There is no such file.'],
  [
    'one in a microtask',
    "queueMicrotask(() => { throw new Error('lost') }); await null; await null; return 1",
  ],
  [
    'one in a timer',
    "setTimeout(() => { throw new Error('lost') }, 1); await sleep(1); await echo(1); return 1",
  ],
  [
    'one that the script then waits for',
    "new Promise(async () => { throw new Error('lost') }); await new Promise(() => {})",
  ],
])('%s is not lost', async (_, source, message = 'lost') => {
  expect(await subject.run(source)).toMatchObject({ status: 'failed', error: { message } });
});

test('a failure that is looked at late is none', async () => {
  const { status, result } = await subject.run(
    'const failing = files__fail(); await echo(1); await echo(2); return failing.catch((error) => error.message)',
  );
  expect([status, result]).toEqual(['completed', 'There is no such file.']);
});

test("the script's own error is told rather than a lost one", async () => {
  expect(await subject.run("Promise.reject(new Error('lost')); throw new Error('own')")).toMatchObject({
    error: { message: 'own' },
  });
});

test.each([
  ['let a = ;', { line: 1, column: 9 }, 'Unexpected token'],
  ['foo(\n  1,\n  {', { line: 3, column: 4 }, 'Unexpected token, expected ","'],
  ['return 1; } {', { line: 1, column: 11 }, 'Unexpected token'],
  ['const x: number = 1;\nconst x = 2;', { line: 2, column: 9 }, 'invalid redefinition'],
  [
    "let a = 1;\nimport fs from 'fs'",
    { line: 2, column: 8 },
    'a script imports and exports nothing; it calls functions, and returns its result',
  ],
  ['('.repeat(50_000), {}, 'it is nested too deeply'],
])('%# a script that cannot be parsed is refused with its place', async (source, place, message) => {
  await expect(subject.run(source)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: place,
    message: expect.stringContaining(`The script cannot be parsed: ${message}`),
  });
});
