import type { CallMessage, ScriptOrder } from '../messages.ts';
import type { RunMemory } from '../run-memory.ts';
import type { ScriptLimits } from '../runner.ts';
import { hasMoreMembersThan, isJson, nestsDeeperThan } from './json-text.ts';

/** Of one call's arguments. The host reads them, and is not to be held up by it. */
export const ARGUMENTS_BYTES_MAX = 1024 * 1024;
/** The same: a text of this size with very many small values takes the host much longer than one with few. */
const ARGUMENTS_MEMBERS_MAX = 20_000;
/** Deeper values would exhaust the stack of whoever walks through them by recursion. */
export const VALUE_DEPTH_MAX = 100;

export type Admission =
  | { readonly seq: number }
  /** In words for the script, which may do better. */
  | { readonly refusal: string }
  | { readonly limit: keyof ScriptLimits };

/** Where calls get their numbers, wait for their turn, and are kept until they are answered. */
export interface CallDesk {
  admit(call: Omit<CallMessage, 'seq'>): Admission;
  /** Forgets a call that is answered, and returns where it was made; undefined if none waits under that number. */
  settle(seq: number): Pick<CallMessage, 'line'> | undefined;
  /** Those whose turn it is now; each once. */
  due(): readonly CallMessage[];
  /** Calls that were made and not answered. */
  unanswered(): number;
}

export function createCallDesk(order: ScriptOrder, memory: RunMemory): CallDesk {
  const { limits, functionNames, recordedSeqs } = order;
  const names = new Set([...functionNames, 'sleep']);
  const recorded = new Set(recordedSeqs);
  const waiting = new Map<number, Pick<CallMessage, 'line'>>();
  const inFlight = new Set<number>();
  const queue: CallMessage[] = [];
  let queuedBytes = 0;
  // To sleep costs nobody anything, and what waits for its turn is often raced against a sleep. Recorded calls are not made.
  const free: CallMessage[] = [];
  return {
    admit(call) {
      const bytes = Buffer.byteLength(call.args);
      if (bytes > ARGUMENTS_BYTES_MAX)
        return {
          refusal: `${call.name} was called with more than ${ARGUMENTS_BYTES_MAX} bytes of JSON`,
        };
      if (hasMoreMembersThan(call.args, ARGUMENTS_MEMBERS_MAX))
        return {
          refusal: `${call.name} was called with more than ${ARGUMENTS_MEMBERS_MAX} values; hand them over in several calls`,
        };
      if (nestsDeeperThan(call.args, VALUE_DEPTH_MAX))
        return {
          refusal: `${call.name} was called with JSON that is more than ${VALUE_DEPTH_MAX} levels deep`,
        };
      // The engine gives other text for one that it has no memory to hand over.
      if (!names.has(call.name) || !isJson(call.args)) return { limit: 'memoryBytes' };
      const seq = memory.countCall();
      if (seq > limits.callsMax) return { limit: 'callsMax' };
      queuedBytes += bytes;
      // They have left the memory of the machine, but are the script's all the same.
      if (queuedBytes > limits.memoryBytes) return { limit: 'memoryBytes' };
      (call.name === 'sleep' || recorded.has(seq) ? free : queue).push({ ...call, seq });
      waiting.set(seq, { line: call.line });
      return { seq };
    },
    settle(seq) {
      const call = waiting.get(seq);
      waiting.delete(seq);
      inFlight.delete(seq);
      return call;
    },
    due() {
      const begun = queue.splice(0, limits.callsInFlightMax - inFlight.size);
      for (const { seq } of begun) inFlight.add(seq);
      const due = [...free.splice(0), ...begun].sort((one, other) => one.seq - other.seq);
      for (const { args } of due) queuedBytes -= Buffer.byteLength(args);
      return due;
    },
    unanswered: () => waiting.size,
  };
}
