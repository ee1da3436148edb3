import { EvalFlags, JSException, type JSValueHandle } from 'quickjs-wasi';
import type { CallMessage, ReplyMessage, ScriptOrder } from '../messages.ts';
import { PRELUDE } from './prelude.ts';
import type { MachineHost, VirtualMachine } from './virtual-machine.ts';

/** Stands before the script, on its first line, so that all lines keep their numbers. */
export const SCRIPT_PREFIX = '(async function () {';
export const SCRIPT_FILE = 'script.ts';

/** What the machine and its prelude ask for. Nothing of it trusts the machine: all that comes from there is text. */
export interface Bridge extends MachineHost {
  /** Returns a sequence number, `HALT`, or why the arguments are refused. */
  call(name: string, args: string, stack: string): number | string;
  print(text: string): void;
  /** The script has ended, with the JSON of its result or of what it threw. */
  finish(isCompleted: boolean, json: string): void;
}

/** A virtual machine with the prelude in it. */
export interface ScriptMachine {
  /** Gives it all that differs from one script to the next. Comes first, and once: no machine sees two scripts. */
  connect(order: ScriptOrder, bridge: Bridge): void;
  /** Makes a function of a script. Throws `JSException` if the engine cannot parse it. */
  compile(code: string): JSValueHandle;
  /** Calls it, and goes on until it waits. */
  start(script: JSValueHandle): void;
  /** Settles a call, and goes on until the script waits again. */
  deliver(reply: ReplyMessage, call: Pick<CallMessage, 'line'>): void;
  /** JSON of `{name, message, stack?, fields?}`. */
  describe(thrown: JSValueHandle): string;
  occupiedBytes(): number;
}

/** Throws what {@link isOutOfMemory} tells, where there is no room for the prelude. */
export function createScriptMachine(machine: VirtualMachine): ScriptMachine {
  const { engine } = machine;
  let bridge: Bridge;
  // Handles are given back when all went well. When something was thrown through the machine, nobody touches it again.
  const call = (target: JSValueHandle, ...args: readonly JSValueHandle[]) => {
    const result = engine.callFunction(target, engine.undefined, ...args);
    for (const arg of args) arg.dispose();
    return result;
  };
  const string = (text: string) => {
    const handle = engine.newString(text);
    // The engine gives a mark of an exception instead of a string that there is no memory for.
    if (!handle.isString) throw new OutOfMemory();
    return handle;
  };
  const textOf = (handle: JSValueHandle | undefined) => (handle?.isString ? handle.toString() : '');

  const room = call(
    engine.evalCode(PRELUDE, 'sandbox', EvalFlags.STRICT),
    engine.newFunction('call', (name, args, stack) => {
      const answer = bridge.call(textOf(name), textOf(args), textOf(stack));
      return typeof answer === 'number' ? engine.newNumber(answer) : engine.newString(answer);
    }),
    engine.newFunction('print', (text) => {
      bridge.print(textOf(text));
      return engine.undefined;
    }),
    engine.newFunction('finish', (isCompleted, json) => {
      bridge.finish(isCompleted?.toBoolean() ?? false, textOf(json));
      return engine.undefined;
    }),
  );
  const equip = room.getProp('equip');
  const start = room.getProp('start');
  const deliver = room.getProp('deliver');
  const describe = room.getProp('describe');
  return {
    connect({ functionNames, constants, randomSeed }, next) {
      bridge = next;
      machine.connect(next);
      call(
        equip,
        string(JSON.stringify(functionNames)),
        string(constants),
        engine.newNumber(randomSeed),
      ).dispose();
    },
    compile: (code) => engine.evalCode(`${SCRIPT_PREFIX}${code}\n})`, SCRIPT_FILE, EvalFlags.STRICT),
    start(script) {
      call(start, script).dispose();
      engine.executePendingJobs();
    },
    deliver({ seq, ok, json }, { line = 0 }) {
      call(
        deliver,
        engine.newNumber(seq),
        ok ? engine.true : engine.false,
        string(json),
        engine.newNumber(line),
      ).dispose();
      engine.executePendingJobs();
    },
    describe: (thrown) => call(describe, thrown.dup()).consume(textOf),
    occupiedBytes: machine.occupiedBytes,
  };
}

/** The memory of the machine is used up, so that not even the bridge can work in it. */
class OutOfMemory extends Error {}

/** Whether the engine says so, by way of an error of the script or one of its own. */
export function isOutOfMemory(error: unknown): boolean {
  if (error instanceof OutOfMemory) return true;
  if (error instanceof JSException) return isOutOfMemoryError(error);
  return error instanceof Error && error.message === 'wasm_malloc failed';
}

export function isOutOfMemoryError({
  name,
  message,
}: {
  readonly name: string;
  readonly message: string;
}): boolean {
  return name === 'InternalError' && message === 'out of memory';
}
