import type { Clock } from '../domain/clock.ts';
import type { CallFinish } from '../domain/script-run.ts';
import type { CallReply, RecordedReply } from '../sandbox/runner.ts';

/**
 * The order in which new replies reach the script, and what its clock says after each: for a script these are all that
 * differs from one run to another. They come after all that are recorded.
 */
export interface ReplyOrder {
  /** What the journal has to keep of a reply that is the next one from now on. */
  add(reply: CallReply, ms: number): CallFinish;
  /** What the script's clock says: asked once at the start, and once for each new reply, in their order. */
  now(): number;
}

export interface ReplyOrderParams {
  readonly startedMs: number;
  /** All that are, in their order. */
  readonly recorded: readonly RecordedReply[];
  readonly clock: Clock;
}

export function createReplyOrder({ startedMs, recorded, clock }: ReplyOrderParams): ReplyOrder {
  /** Of the latest reply; counts from 1. */
  let position = recorded.length;
  let nowMs = recorded.at(-1)?.now ?? startedMs;
  /** What the clock says, from the next time that it is asked on. */
  const readings = [startedMs];
  return {
    add(reply, ms) {
      position += 1;
      // The clocks of computers are set back now and then; that of a script never goes back.
      nowMs = Math.max(nowMs, Date.parse(clock.now()));
      readings.push(nowMs);
      return { position, nowMs, ms, ...storedReply(reply) };
    },
    now: () => readings.shift() ?? nowMs,
  };
}

function storedReply(reply: CallReply): Pick<CallFinish, 'ok' | 'reply'> {
  if (reply.ok) return { ok: true, reply: reply.value };
  return { ok: false, reply: { message: reply.message, fields: reply.fields } };
}
