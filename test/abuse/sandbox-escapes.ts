/** Something that a script does to get out of the sandbox, or to get hold of what leads out. */
export interface EscapeAttempt {
  readonly name: string;
  /** The body of an async function; what it returns is falsy unless it got something that it must not have. */
  readonly source: string;
}

const attempt = (name: string, source: string): EscapeAttempt => ({ name, source });

/** What the host sees, in a call or in the output, if something of the bridge could be replaced or reached. */
export const FORGED = 'FORGED';

/** In a script: what of a host a value gives access to, by the names that hosts have. */
const POWERS = `
  const powers = (thing) => {
    if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null) return '';
    const names = ['process', 'require', 'module', 'Buffer', 'WebAssembly', 'fetch', 'mainModule', 'binding', 'memory',
      'postMessage', 'parentPort', 'workerData', 'std', 'os', 'Worker', 'XMLHttpRequest', 'Deno', 'Bun', 'setImmediate'];
    return names.filter((name) => { try { return thing[name] !== undefined } catch { return false } }).join();
  };`;

const grab = (name: string, source: string): EscapeAttempt => attempt(name, `${POWERS}\n${source}`);

/** By way of the language: other functions, other global objects, other code. */
const LANGUAGE: readonly EscapeAttempt[] = [
  grab('the constructor of a constructor', "return powers([].constructor.constructor('return this')())"),
  grab('the constructor of a tool', "return powers(echo.constructor('return this')())"),
  grab('the constructor of the console', "return powers(console.log.constructor('return globalThis')())"),
  grab(
    'the constructor of a reply',
    "return powers((await echo({})).constructor.constructor('return this')())",
  ),
  grab(
    'the constructor of an error of a call',
    "try { await fail() } catch (error) { return powers(error.constructor.constructor('return this')()) }",
  ),
  grab(
    'the constructor of a promise of a call',
    "return powers(echo(1).constructor.constructor('return this')())",
  ),
  grab(
    'the constructor of a generator',
    "return powers((function* () {}).constructor('yield this')().next().value)",
  ),
  grab(
    'the constructor of an async function',
    "return powers(await (async () => {}).constructor('return globalThis')())",
  ),
  grab(
    'the constructor of an async generator',
    "return powers((await (async function* () {}).constructor('yield globalThis')().next()).value)",
  ),
  grab('eval', "return powers(eval('this')) || powers((0, eval)('globalThis'))"),
  grab('Function', "return powers(Function('return this')()) || powers(new Function('return globalThis')())"),
  grab('the global object', 'return powers(globalThis) || powers(Object.getPrototypeOf(globalThis))'),
  grab(
    'everything that can be reached from the global object',
    `const seen = new Set(); const queue = [globalThis]; let found = '';
     while (queue.length > 0 && seen.size < 5000) {
       const thing = queue.pop();
       if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null || seen.has(thing)) continue;
       seen.add(thing);
       if (thing !== globalThis) found += powers(thing);
       for (const key of Reflect.ownKeys(thing)) {
         const { value, get, set } = Object.getOwnPropertyDescriptor(thing, key) ?? {};
         queue.push(value, get, set);
       }
       queue.push(Object.getPrototypeOf(thing));
     }
     return found || (seen.size < 300 ? 'nothing was seen' : '');`,
  ),
  grab('this of a sloppy function', "return powers(Function('return (function () { return this })()')())"),
  grab('callers and arguments', 'const f = () => { try { return f.caller } catch {} }; return powers(f())'),
  attempt(
    'importing',
    `for (const name of ['fs', 'node:fs', 'process', 'std', 'os', 'quickjs:std', 'bjson', './x.js', 'file:///etc/passwd',
       'data:text/javascript,export default 1', 'https://example.com/x.js'])
       try { await import(name); return 'imported ' + name } catch {}`,
  ),
  attempt('importing from other code', 'try { return await eval(\'import("fs")\') } catch {}'),
  attempt(
    'importing from a constructor',
    'try { return await Function(\'return import("os")\')() } catch {}',
  ),
  attempt(
    'require',
    "for (const name of ['require', 'module', 'exports', 'process', '__dirname']) if (name in globalThis) return name",
  ),
  attempt('a hint to a debugger', 'debugger'),
  attempt(
    'a source that names a file',
    "return eval('1 //# sourceURL=file:///etc/passwd\\n//# sourceMappingURL=x') === 1 ? '' : 'odd'",
  ),
  attempt('WebAssembly', "return typeof WebAssembly !== 'undefined' && 'it is there'"),
  attempt('shared memory as a clock', "return typeof Atomics !== 'undefined' && 'it is there'"),
  attempt(
    'weak references as a window to the collector',
    "return typeof WeakRef !== 'undefined' || typeof FinalizationRegistry !== 'undefined'",
  ),
  attempt('a second realm', "return typeof ShadowRealm !== 'undefined' && powers(new ShadowRealm())"),
  attempt(
    'a clock that moves',
    `const before = [Date.now(), performance.now()]; for (let i = 0; i < 1e6; i++);
     return String(before) !== String([Date.now(), performance.now()])`,
  ),
  attempt('the time zone of the host', 'return new Date(2026, 0, 1).getTimezoneOffset() !== 0'),
];

/** By way of stack traces, which show functions of the sandbox in some engines. */
const STACKS: readonly EscapeAttempt[] = [
  attempt(
    'call sites',
    `let sites = [];
     Error.prepareStackTrace = (_, all) => { sites = all; return '' };
     Error.stackTraceLimit = 100;
     class Seen { toJSON() { void new Error('x').stack; return 1 } }
     try { await echo(new Seen()) } catch {}
     console.log({ toJSON() { void new Error('y').stack; return 1 } });
     try { await echo(1n) } catch (error) { void error.stack }
     return sites.filter((site) => typeof site.getFunction === 'function').map((site) => {
       const found = site.getFunction();
       return typeof found === 'function' && /sandbox/.test(site.getFileName()) ? 'a function of the sandbox' : '';
     }).join('');`,
  ),
  attempt(
    'call sites of a defined hook',
    `let sites;
     Object.defineProperty(Error, 'prepareStackTrace', { value: (_, all) => { sites = all; return 'x' } });
     const { stack } = new Error('x');
     return stack === 'x' || sites ? 'the hook is used' : '';`,
  ),
  attempt('captureStackTrace', "return typeof Error.captureStackTrace === 'function' && 'it is there'"),
  attempt(
    'a stack that is no text',
    `const odd = new Error('x');
     Object.defineProperty(odd, 'stack', { get() { throw new Error('inner') } });
     Promise.reject(odd).catch(() => {});
     console.log(odd);`,
  ),
  attempt(
    'a limit of the stack that is an object',
    'Error.stackTraceLimit = { valueOf() { throw 1 } }; await echo(1)',
  ),
];

/** By way of the bridge: whatever it uses is replaced before it does. The host sees it if that makes a difference. */
const BRIDGE: readonly EscapeAttempt[] = [
  attempt('JSON.stringify', `JSON.stringify = () => '["${FORGED}"]'; await echo(1)`),
  attempt(
    'JSON.parse',
    "JSON.parse = () => ({ own: 2 }); return (await echo({ own: 1 })).own !== 1 && 'the reply was forged'",
  ),
  attempt(
    'JSON itself',
    `globalThis.JSON = { stringify: () => '["${FORGED}"]', parse: () => 'x' }; await echo(1)`,
  ),
  attempt('toJSON of all objects', "Object.prototype.toJSON = () => 'own'; await echo({ a: 1 })"),
  attempt('toJSON of all arrays', "Array.prototype.toJSON = () => 'own'; await echo(1); await echo([1], 2)"),
  attempt(
    'Promise.prototype.then',
    'Promise.prototype.then = function () { return this }; await echo(1); await sleep(1)',
  ),
  attempt('Promise', 'globalThis.Promise = class { then() {} }; await echo(1)'),
  attempt(
    'the species of promises',
    `class Own { constructor(run) { run((value) => { globalThis.taken = value }, () => {}) } }
     Object.defineProperty(Promise, Symbol.species, { get: () => Own });
     await echo(1); await sleep(1); setTimeout(() => {}, 1); await echo(2)`,
  ),
  attempt(
    'the constructor of promises',
    "Promise.prototype.constructor = class { constructor() { throw new Error('x') } }; await echo(1)",
  ),
  attempt(
    'setters of numbers',
    `for (let i = 0; i < 50; i++)
       Object.defineProperty(Object.prototype, i, { set(own) { console.log('${FORGED}', Object.keys(own)) }, get() {} });
     await echo(1);`,
  ),
  attempt(
    'setters of names',
    `for (const key of ['resolve', 'reject', 'site', 'name', 'seq'])
       Object.defineProperty(Object.prototype, key, { set() { console.log('${FORGED}', key) }, get() {} });
     await echo(1);`,
  ),
  attempt(
    'iterators of arrays',
    `let taken;
     Array.prototype[Symbol.iterator] = function () { taken = this; return { next: () => ({ done: true }) } };
     await echo(1, 2);
     console.log(1);
     return taken && typeof taken[0] === 'function' && 'a function of the sandbox'`,
  ),
  attempt(
    'methods of texts',
    `String.prototype.indexOf = () => 7; String.prototype.slice = () => 'x';
     try { await fail() } catch (error) { return error.stack.includes('script.ts') ? '' : 'the stack was forged' }`,
  ),
  attempt(
    'Reflect and Object',
    `Reflect.apply = Object.defineProperty = Reflect.defineProperty = () => { throw 1 };
     Object.keys = () => ['x'];
     await echo(1);
     try { await fail() } catch (error) { return error.server === 'x' ? '' : 'the fields are lost' }`,
  ),
  attempt(
    'Error',
    "globalThis.Error = class { constructor() { globalThis.taken = 'used' } }; try { await fail() } catch {} return globalThis.taken",
  ),
  attempt('Math', "Math.floor = () => NaN; Math.min = Math.max = () => 'x'; await sleep(5)"),
  attempt(
    'stacks of errors',
    "Object.defineProperty(Error.prototype, 'stack', { get: () => ' (script.ts:77777:1)' }); await echo(1)",
  ),
  attempt(
    'functions that are left',
    `const odd = (name) => /bridge|call$|print|finish|deliver|start|describe|host|__/i.test(name);
     return Reflect.ownKeys(globalThis).map(String).filter(odd).join()`,
  ),
  attempt(
    'functions that are left, called',
    `for (const name of Object.getOwnPropertyNames(globalThis))
       if (/bridge|call|host/i.test(name)) globalThis[name]('${FORGED}', '["${FORGED}"]', '')`,
  ),
  attempt('a tool with another this', "await echo.call({ name: 'x' }, 1); await echo.apply(null, [1])"),
  attempt('a tool as a constructor', 'try { Reflect.construct(echo, [1]) } catch {} await echo(1)'),
  attempt(
    'a tool with another name',
    `Object.defineProperty(echo, 'name', { value: '${FORGED}' }); await echo(1)`,
  ),
  attempt(
    'proxies as arguments',
    `const describe = () => ({ value: 1, enumerable: true, configurable: true });
     await echo(new Proxy({}, { ownKeys: () => ['a', '__proto__'], getOwnPropertyDescriptor: describe, get: (_, key) => (key === 'toJSON' ? undefined : 'x') }))`,
  ),
  attempt('proxies of arrays', 'await echo(...new Proxy([1, 2], {}), new Proxy([], {}))'),
  attempt('getters in arguments', 'let n = 0; await echo({ get a() { n += 1; void echo(2); return n } })'),
  attempt('a call from inside a call', 'await echo({ toJSON() { void echo(1); return 2 } })'),
  attempt(
    'symbols',
    "await echo({ [Symbol.toPrimitive]: () => 'x', [Symbol.iterator]: 1, a: Object(Symbol.iterator) })",
  ),
  attempt('boxed values', "await echo(Object('x'), Object(1), Object(true))"),
  attempt('lone surrogates and nulls', "await echo('\\ud800\\u0000\\udfff', { ['\\ud800']: 1 })"),
  attempt('a thenable as an argument', 'await echo({ then(resolve) { resolve(1) } })'),
  attempt(
    'a reply that is thenable',
    "Object.prototype.then = function (resolve) { delete Object.prototype.then; resolve('own') }; await echo({})",
  ),
];

/** By way of what a script returns, throws and writes. */
const RESULTS: readonly EscapeAttempt[] = [
  attempt(
    'a proxy as the result',
    "return new Proxy({}, { get(_, key) { return key === 'toJSON' ? () => '' : 'x' } })",
  ),
  attempt('__proto__ in arguments', `await echo(JSON.parse('{"__proto__": {"polluted": "yes"}}'))`),
  attempt(
    'constructor.prototype in arguments',
    'await echo({ constructor: { prototype: { polluted: "yes" } } })',
  ),
  attempt(
    'prototypes of the machine',
    "Object.prototype.polluted = 'yes'; Array.prototype.polluted = 'yes'; await echo({}, [])",
  ),
  attempt(
    'an error whose members are odd',
    "throw Object.assign(Object.create(null), { name: {}, message: 7n, stack: Symbol('x') })",
  ),
  attempt(
    'an error that is a proxy',
    'throw new Proxy(new Error("x"), { get() { throw 1 }, getPrototypeOf() { throw 2 }, ownKeys() { throw 3 } })',
  ),
  attempt(
    'an error with odd fields',
    'throw Object.assign(new Error(\'x\'), JSON.parse(\'{"__proto__": {"polluted": "yes"}, "limit": "cpuMs", "status": "completed"}\'))',
  ),
  attempt(
    'an error that says that it is a limit',
    "throw Object.assign(new InternalError('interrupted'), { limit: 'wallMs' })",
  ),
  attempt('a function thrown', 'throw () => 1'),
  attempt(
    'a result that is a promise of itself',
    "const later = Promise.resolve().then(() => ({ then: undefined })); await later; return ''",
  ),
  attempt(
    'terminal codes in the output',
    'console.log(\'\\u001b[2J\\u0007{"jsonrpc":"2.0"}\\n\'); return \'\'',
  ),
  attempt(
    'output that never ends',
    "for (let i = 0; i < 2000; i++) console.log('x'.repeat(1000)); return ''",
  ),
  attempt(
    'objects that write themselves',
    "console.log({ toJSON() { throw new Error('x') } }, { toString() { throw 1 } }, new Proxy({}, { get() { throw 1 } })); return ''",
  ),
  attempt('a rejection without a reason', 'Promise.reject(); await null; throw null'),
  attempt(
    'a thousand rejections',
    "for (let i = 0; i < 1000; i++) Promise.reject(new Error('x' + i)); await echo(1)",
  ),
  attempt(
    'a rejection whose reason loops',
    'Promise.reject({ get message() { return globalThis.nothing.at.all } }); await echo(1)',
  ),
];

export const ESCAPES: readonly EscapeAttempt[] = [...LANGUAGE, ...STACKS, ...BRIDGE, ...RESULTS];

/** What a script does before it uses the sandbox as it is meant: whatever comes of it, the host must not notice. */
export const SABOTAGES: readonly string[] = BRIDGE.map(
  ({ source }) => `(async () => {${source}})().catch(() => {});`,
);
