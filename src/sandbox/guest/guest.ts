import { JSException, type JSValueHandle } from 'quickjs-wasi';
import type { GuestEnd, ReplyMessage, ScriptOrder, ThreadMessage } from '../messages.ts';
import { openRunMemory, type RunMemory } from '../run-memory.ts';
import type { ScriptLimits } from '../runner.ts';
import { wireCall } from '../wire-calls.ts';
import { createCallDesk } from './call-desk.ts';
import { createCallOutbox } from './call-outbox.ts';
import { createErrorReader } from './error-reader.ts';
import { endOfCrash, endOfReturn, exceeded, failed, type Returned } from './guest-end.ts';
import type { MachineSupply } from './machine-supply.ts';
import { HALT } from './prelude.ts';
import { createRejections } from './rejections.ts';
import { createReplyQueue } from './reply-queue.ts';
import { type Bridge, isOutOfMemory, type ScriptMachine } from './script-machine.ts';
import { explained, transpile } from './transpile.ts';

/** A thread that had a larger machine is not worth keeping: the memory would be given back late. */
const REUSABLE_BYTES_MAX = 16 * 1024 * 1024;

/** What a script may still compute in the background when its function is done. */
const LEFTOVER_MS = 20;

/** One script in a machine of its own. */
export interface Guest {
  deliver(replies: readonly ReplyMessage[]): void;
  deliverRecorded(replies: readonly ReplyMessage[]): void;
  /** Ends a script that waits; one that computes sees the request in the memory of the run. */
  stop(): void;
}

export interface GuestParams {
  readonly machines: Pick<MachineSupply, 'take'>;
  readonly order: ScriptOrder;
  readonly post: (message: ThreadMessage) => void;
}

/** Leaves the machine past all code of the script. */
class Halted extends Error {}

/** Runs a script up to where it waits for its calls, and on with each reply; posts its calls, and its end, once. */
export async function startGuest({ machines, order, post }: GuestParams): Promise<Guest> {
  const { limits } = order;
  const memory = openRunMemory(order.memory);
  const desk = createCallDesk(order, memory);
  const outbox = createCallOutbox((calls) => post({ kind: 'calls', calls: calls.map(wireCall) }));
  const replies = createReplyQueue(order);
  const rejections = createRejections();
  let now = order.now;
  /** Once one of these is known, the script must not go on. */
  let end: GuestEnd | undefined;
  let returned: Returned | undefined;
  let returnedMs = 0;
  let isOver = false;
  let isReusable = () => true;

  const over = (how: GuestEnd) => {
    isOver = true;
    post({ kind: 'ended', end: how, reusable: isReusable() });
  };

  const script = computing(memory, () => transpile(order.source));
  memory.resetComputed();
  if ('problem' in script) {
    over({ status: 'unparsable', error: { name: 'SyntaxError', ...script.problem } });
    return NO_GUEST;
  }
  const errors = createErrorReader(script.map, order.functionNames);

  let machine: ScriptMachine;
  const bridge: Bridge = {
    now: () => now,
    checkLimits() {
      if (memory.isStopRequested()) end ??= { status: 'stopped' };
      if (memory.computedMs() > limits.cpuMs) end ??= exceeded('cpuMs');
      const isLate = returned !== undefined && memory.computedMs() > returnedMs + LEFTOVER_MS;
      if (end !== undefined || isLate) throw new Halted();
    },
    onRejection: rejections.note,
    call(name, args, stack) {
      const admission = desk.admit({ name, args, line: errors.placeOf(stack)?.line });
      if ('refusal' in admission) return admission.refusal;
      if ('seq' in admission) return admission.seq;
      end ??= exceeded(admission.limit);
      return HALT;
    },
    print: memory.print,
    finish(isCompleted, json) {
      returned ??= { isCompleted, json };
      returnedMs = memory.computedMs();
    },
  };

  /** Of a script that has come as far as it can now; undefined where it waits for calls. */
  const endOfAdvance = (): GuestEnd | undefined => {
    const isStuck = returned === undefined && desk.unanswered() === 0;
    // A failure that the script never looked at would be lost, and the result may depend on it.
    const forgotten = isStuck || returned?.isCompleted ? rejections.first() : undefined;
    if (forgotten !== undefined) returned = { isCompleted: false, json: machine.describe(forgotten) };
    else if (isStuck) return failed('The script waits for a promise that nothing will ever settle.');
    return returned && endOfReturn(returned, limits, errors);
  };

  /** Settles calls as long as the reply whose turn it is has come, and its call was made. */
  const settleCalls = () => {
    for (let reply = replies.first(); reply !== undefined; reply = replies.first()) {
      const isAtEnd = end !== undefined || returned !== undefined || memory.isStopRequested();
      const call = isAtEnd ? undefined : desk.settle(reply.seq);
      if (call === undefined) return;
      replies.removeFirst();
      outbox.add(desk.due());
      now = reply.now;
      // Up to where the script waits again, so that it makes no difference which replies come together.
      machine.deliver(fits(reply.json, limits) ? reply : { ...reply, ...TOO_LARGE_REPLY }, call);
    }
  };

  /** Lets the script compute until it waits for its calls, and makes these. */
  const advance = (work: () => void) => {
    if (isOver) return;
    computing(memory, () => {
      try {
        work();
        settleCalls();
        end ??= endOfAdvance();
      } catch (error) {
        end ??= returned === undefined ? endOfCrash(error) : endOfReturn(returned, limits, errors);
      }
    });
    // A call is made when it is called, whether or not the script waits for it.
    if (end === undefined || isOwnEnd(end)) outbox.add(desk.due());
    outbox.flush();
    if (end !== undefined) over(end);
    else if (replies.needsMore()) post({ kind: 'more' });
  };

  try {
    machine = await machines.take(limits.memoryBytes);
  } catch (error) {
    over(endOfCrash(error));
    return NO_GUEST;
  }
  isReusable = () => machine.occupiedBytes() <= REUSABLE_BYTES_MAX;
  advance(() => {
    machine.connect(order, bridge);
    memory.resetComputed();
    let compiled: JSValueHandle;
    try {
      compiled = machine.compile(script.code);
    } catch (error) {
      if (!(error instanceof JSException) || isOutOfMemory(error)) throw error;
      const { name, message, stack } = error;
      const problem = explained(order.source, { message, ...errors.placeOf(stack) });
      end = { status: 'unparsable', error: { name, ...problem } };
      return;
    }
    machine.start(compiled);
  });
  return {
    deliver: (fresh) => advance(() => replies.add(fresh)),
    deliverRecorded: (recorded) => advance(() => replies.addRecorded(recorded)),
    stop() {
      if (!isOver) over({ status: 'stopped' });
    },
  };
}

/** Of a script that was not run. */
const NO_GUEST: Guest = { deliver() {}, deliverRecorded() {}, stop() {} };

function computing<Result>(memory: RunMemory, work: () => Result): Result {
  memory.startComputing();
  try {
    return work();
  } finally {
    memory.stopComputing();
  }
}

/** In the machine there are the text, its copy while it is handed over, and what is made of it. */
const fits = (json: string, { memoryBytes }: ScriptLimits) => json.length < memoryBytes / 4;

const TOO_LARGE_REPLY = {
  ok: false,
  json: JSON.stringify({ message: "The reply is too large for the script's memory.", fields: {} }),
};

const isOwnEnd = ({ status }: GuestEnd) => status === 'completed' || status === 'failed';
