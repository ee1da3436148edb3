import { ARGUMENTS_BYTES_MAX } from './call-desk.ts';

/** What `call` returns instead of a sequence number when the run has to end: the script must not go on. */
export const HALT = 0;

/**
 * Runs in the virtual machine before the script, and gives it its functions: a function that takes the bridge, and
 * returns what the thread needs later. It takes hold of every builtin that it uses, because the script may replace them
 * all, and leaves nothing of the bridge where the script could find it.
 *
 * The bridge: `call(name, argsJson, stack)` returns a sequence number, {@link HALT}, or why the arguments are refused;
 * `print(text)`; `finish(completed, json)` says that the script has ended, with the JSON of its result or of
 * `{name, message, stack?, fields?}`, in which `fields` is JSON text itself.
 */
export const PRELUDE = `(function (call, print, finish) {
  'use strict';
  const { parse, stringify } = JSON;
  const { apply, defineProperty } = Reflect;
  const { keys, getOwnPropertyDescriptor, prototype: { toString: tagOf } } = Object;
  const ErrorOf = Error, TypeErrorOf = TypeError, PromiseOf = Promise, MapOf = Map, SetOf = Set;
  const NumberOf = Number, StringOf = String;
  const { floor, imul, min, max } = Math;
  const { then } = Promise.prototype;
  const settled = PromiseOf.resolve();
  const stackOf = getOwnPropertyDescriptor(Error.prototype, 'stack').get;
  const { indexOf, slice } = String.prototype;
  const delayMsMax = 2 ** 31 - 1;

  // With these a script would get at the functions below, and at what its errors say of their places.
  delete Error.prepareStackTrace;
  delete Error.stackTraceLimit;
  delete Error.captureStackTrace;

  const give = (name, value) =>
    defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

  // Without prototypes, so that nothing of the script's is asked when these are read and written.
  const waiting = { __proto__: null };
  const timers = { __proto__: null };

  const isError = (value) =>
    typeof value === 'object' && value !== null && apply(tagOf, value, []) === '[object Error]';
  // Of an error, JSON would have what the script put into it, and nothing of what it says.
  function errorData(error) {
    const data = { __proto__: null, name: textOf(error.name) ?? 'Error', message: messageOf(error) };
    const names = keys(error);
    for (let index = 0; index < names.length; index += 1) data[names[index]] = error[names[index]];
    if (error.cause !== undefined) data.cause = error.cause;
    if (error.errors !== undefined) data.errors = error.errors;
    return data;
  }

  function plain(key, value) {
    if (typeof value === 'bigint') throw new TypeErrorOf('it holds a BigInt; use Number(...) or String(...)');
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof PromiseOf) throw new TypeErrorOf('it holds a promise; await it first');
    if (value instanceof MapOf) throw new TypeErrorOf('it holds a Map; use Object.fromEntries(map) or [...map]');
    if (value instanceof SetOf) throw new TypeErrorOf('it holds a Set; use [...set]');
    return isError(value) ? errorData(value) : value;
  }

  function toJson(value, what) {
    try {
      return stringify(value, plain);
    } catch (error) {
      throw new TypeErrorOf(what + ' cannot become JSON: ' + messageOf(error));
    }
  }

  function request(name, args) {
    const site = apply(stackOf, new ErrorOf(), []);
    return new PromiseOf((resolve, reject) => {
      while (args.length > 0 && args[args.length - 1] === undefined) args.length -= 1;
      let json = '';
      for (let index = 0; index < args.length; index += 1)
        json += (index === 0 ? '' : ',') + (toJson(args[index], 'What ' + name + ' was called with') ?? 'null');
      json = '[' + json + ']';
      if (json.length > ${ARGUMENTS_BYTES_MAX}) throw new TypeErrorOf(name + ' was called with more than ${ARGUMENTS_BYTES_MAX} bytes of JSON');
      const seq = call(name, json, site);
      if (seq === ${HALT}) for (;;);
      if (typeof seq === 'string') throw new TypeErrorOf(seq);
      waiting[seq] = { __proto__: null, name, site, resolve, reject };
    });
  }

  const delayOf = (ms) => min(max(floor(NumberOf(ms)) || 0, 0), delayMsMax);
  let lastTimer = 0;
  give('sleep', function sleep(ms) {
    return apply(then, request('sleep', [delayOf(ms)]), [() => undefined]);
  });
  give('setTimeout', function setTimeout(callback, ms, ...args) {
    if (typeof callback !== 'function') throw new TypeErrorOf('setTimeout needs a function');
    const timer = (lastTimer += 1);
    timers[timer] = true;
    apply(then, request('sleep', [delayOf(ms)]), [
      () => {
        if (!timers[timer]) return;
        delete timers[timer];
        apply(callback, undefined, args);
      },
    ]);
    return timer;
  });
  give('clearTimeout', function clearTimeout(timer) {
    if (typeof timer === 'number') delete timers[timer];
  });
  // What its function throws is to be an unhandled rejection like any other.
  give('queueMicrotask', function queueMicrotask(callback) {
    if (typeof callback !== 'function') throw new TypeErrorOf('queueMicrotask needs a function');
    apply(then, settled, [() => void callback()]);
  });

  // Mulberry32.
  let random = 0;
  Math.random = {
    random() {
      random = (random + 0x6d2b79f5) | 0;
      let mixed = imul(random ^ (random >>> 15), random | 1);
      mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  }.random;

  function shown(value) {
    if (typeof value === 'string') return value;
    if (typeof value === 'bigint') return StringOf(value) + 'n';
    if (typeof value === 'function') return '[function ' + StringOf(value.name) + ']';
    if (typeof value !== 'object' || value === null) return StringOf(value);
    if (isError(value)) return StringOf(value);
    if (value instanceof MapOf || value instanceof SetOf) return apply(tagOf, value, []) + ' ' + stringify([...value]);
    return stringify(value, shownWithin);
  }
  function shownWithin(key, value) {
    if (typeof value === 'bigint') return StringOf(value) + 'n';
    return isError(value) ? errorData(value) : value;
  }
  function log(...values) {
    let line = '';
    for (let index = 0; index < values.length; index += 1) {
      if (index > 0) line += ' ';
      try {
        line += shown(values[index]);
      } catch (error) {
        line += '[' + messageOf(error) + ']';
      }
    }
    print(line + '\\n');
  }
  function assert(holds, ...values) {
    if (holds) return;
    print('Assertion failed: ');
    apply(log, undefined, values);
  }
  const nothing = () => {};
  give('console', {
    log, info: log, warn: log, error: log, debug: log, table: log, dir: log, dirxml: log, trace: log, assert,
    group: log, groupCollapsed: log, groupEnd: nothing, count: log, countReset: nothing,
    time: nothing, timeLog: nothing, timeEnd: nothing, clear: nothing,
  });

  function textOf(value) {
    return typeof value === 'string' ? value : undefined;
  }
  function messageOf(error) {
    try {
      // Of what is no error, the text would be "[object Object]".
      return textOf(error?.message) ?? textOf(shown(error)) ?? StringOf(error);
    } catch {
      return 'something that cannot be shown';
    }
  }

  function failureOf({ message, fields }, { name, site }, line) {
    const error = new ErrorOf(message);
    const add = (key, value, enumerable) =>
      defineProperty(error, key, { __proto__: null, value, writable: true, enumerable, configurable: true });
    // It was thrown where the call was made, not where the reply came in.
    const from = apply(indexOf, site, ['(script.ts:']);
    const place = from === -1 ? '' : ' ' + apply(slice, site, [from, apply(indexOf, site, [')', from]) + 1]);
    add('stack', '    at ' + name + place, false);
    const names = keys(fields);
    for (let index = 0; index < names.length; index += 1) add(names[index], fields[names[index]], true);
    if (line > 0) add('line', line, true);
    return error;
  }

  function fieldsOf(error) {
    const fields = { __proto__: null };
    let some = false;
    const names = keys(error);
    for (let index = 0; index < names.length; index += 1) {
      const key = names[index];
      if (key === 'name' || key === 'message' || key === 'stack' || key === 'line') continue;
      fields[key] = error[key];
      some = true;
    }
    return some ? stringify(fields, plain) : undefined;
  }

  // Deeper and longer than these, nobody reads what led to an error.
  const causesMax = 3, errorsMax = 10;
  function reasonOf(error, depth) {
    let reason = messageOf(error);
    if (typeof error !== 'object' || error === null || depth > causesMax) return reason;
    const { cause, errors } = error;
    const count = min(errors?.length, errorsMax);
    for (let index = 0; index < count; index += 1)
      reason += (index > 0 ? '; ' : reason === '' ? '' : ': ') + reasonOf(errors[index], depth + 1);
    return cause === undefined ? reason : reason + ' (cause: ' + reasonOf(cause, depth + 1) + ')';
  }

  function describe(error) {
    const problem = { __proto__: null, name: 'Error', message: messageOf(error) };
    try {
      if (typeof error === 'object' && error !== null) {
        problem.message = reasonOf(error, 1);
        problem.name = textOf(error.name) ?? 'Error';
        problem.stack = textOf(error.stack);
        problem.fields = fieldsOf(error);
      }
    } catch {
      // What was learned until here has to do.
    }
    return stringify(problem);
  }

  const completed = (value) => {
    try {
      if (typeof value === 'function') throw new TypeErrorOf('The result is a function; return data');
      finish(true, toJson(value, 'The result') ?? 'null');
    } catch (error) {
      finish(false, describe(error));
    }
  };
  const failed = (error) => finish(false, describe(error));

  return {
    /** Comes before the script: what is its own besides its code. */
    equip(namesJson, constantsJson, randomSeed) {
      const names = parse(namesJson);
      for (let index = 0; index < names.length; index += 1) {
        const name = names[index];
        give(name, { [name]: (...args) => request(name, args) }[name]);
      }
      const constants = parse(constantsJson);
      const constantNames = keys(constants);
      for (let index = 0; index < constantNames.length; index += 1)
        give(constantNames[index], constants[constantNames[index]]);
      random = randomSeed;
    },
    /** Calls the script's async function; what comes of it goes to \`finish\`. */
    start(script) {
      apply(then, script(), [completed, failed]);
    },
    /** Settles a call, which was made on that line; 0 where nobody knows. */
    deliver(seq, ok, json, line) {
      const made = waiting[seq];
      delete waiting[seq];
      try {
        if (ok) made.resolve(parse(json));
        else made.reject(failureOf(parse(json), made, line));
      } catch (error) {
        made.reject(error);
      }
    },
    describe,
  };
})`;
