import type { Clock } from '../domain/clock.ts';
import type { JsonObject } from '../domain/json.ts';
import type { CallFinish } from '../domain/script-run.ts';
import type { CallReply } from '../sandbox/runner.ts';

type Deliver = (reply: CallReply) => void;

/**
 * The order in which replies reach the script, and what its clock says after each: for a script these are all that
 * differs from one run to another. First come those of the journal as they came then, then others as they come.
 */
export interface ReplyOrder {
  /** Delivers a reply of the journal when its turn has come. */
  repeat(finish: CallFinish, deliver: Deliver): void;
  /** Delivers a new reply, at once or after the last one of the journal, and hands its finish to `onFinish` with that. */
  add(reply: CallReply, ms: number, target: ReplyTarget): void;
  /** What the script's clock says: asked once at the start, and once for each delivered reply in its turn. */
  now(): number;
}

export interface ReplyTarget {
  readonly deliver: Deliver;
  readonly onFinish: (finish: CallFinish) => void;
}

export interface ReplyOrderParams {
  readonly startedMs: number;
  /** Positions of the journal, which are counted from 1 without a gap. */
  readonly recordedCount: number;
  readonly clock: Clock;
}

export function createReplyOrder({ startedMs, recordedCount, clock }: ReplyOrderParams): ReplyOrder {
  /** Of the reply that was delivered last. */
  let position = 0;
  let nowMs = startedMs;
  /** What the clock says, from the next time that it is asked on. */
  const readings = [startedMs];
  const recorded = new Map<number, () => void>();
  const later: (() => void)[] = [];

  function step(reading: number): void {
    position += 1;
    nowMs = reading;
    readings.push(reading);
  }

  function proceed(): void {
    for (let next = recorded.get(position + 1); next !== undefined; next = recorded.get(position + 1)) {
      recorded.delete(position + 1);
      next();
    }
    if (position >= recordedCount) for (const deliverNew of later.splice(0)) deliverNew();
  }

  return {
    repeat(finish, deliver) {
      recorded.set(finish.position, () => {
        step(finish.nowMs);
        deliver(replyOf(finish));
      });
      // Not before the caller waits for this reply: it would hear of it after others that are delivered later.
      queueMicrotask(proceed);
    },
    add(reply, ms, { deliver, onFinish }) {
      later.push(() => {
        // The clocks of computers are set back now and then; that of a script never goes back.
        step(Math.max(nowMs, Date.parse(clock.now())));
        onFinish({ position, nowMs, ms, ...storedReply(reply) });
        deliver(reply);
      });
      proceed();
    },
    now: () => readings.shift() ?? nowMs,
  };
}

function storedReply(reply: CallReply): Pick<CallFinish, 'ok' | 'reply'> {
  if (reply.ok) return { ok: true, reply: reply.value };
  return { ok: false, reply: { message: reply.message, fields: reply.fields } };
}

function replyOf({ ok, reply }: CallFinish): CallReply {
  if (ok) return { ok, value: reply };
  const { message, fields } = reply as { readonly message: string; readonly fields: JsonObject };
  return { ok, message, fields };
}
