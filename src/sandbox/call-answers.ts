import type { JsonValue } from '../domain/json.ts';
import type { ReplyMessage } from './messages.ts';
import { replyMessage } from './reply-message.ts';
import type { RunScriptParams } from './runner.ts';
import { argumentsText, type WireCall } from './wire-calls.ts';

/** What calls may take of the event loop at a time; further ones wait for its next turn. */
const TURN_MS = 2;

/** Has the calls of a script answered, and sends the new replies in the order in which they come. */
export interface CallAnswers {
  take(calls: readonly WireCall[]): void;
  /** Runs once all calls that were taken until now were handed on, unless it is stopped before that. */
  afterTaken(work: () => void): void;
  /** As many as have a reply until now. */
  count(): number;
  /** No call is handed on any more, and no reply. */
  stop(): void;
}

export interface CallAnswersParams {
  readonly script: Pick<RunScriptParams, 'onCall' | 'now' | 'recorded'>;
  readonly send: (replies: readonly ReplyMessage[]) => void;
  /** `onCall` rejected, which it does not for what a call does. */
  readonly onUnanswerable: (cause: unknown) => void;
}

export function createCallAnswers({ script, send, onUnanswerable }: CallAnswersParams): CallAnswers {
  const recordedSeqs = new Set(script.recorded?.map(({ seq }) => seq));
  const inbox: (() => void)[] = [];
  let outbox: ReplyMessage[] = [];
  let count = 0;
  let isStopped = false;

  const flush = () => {
    const replies = outbox;
    outbox = [];
    if (!isStopped) send(replies);
  };
  const answer = async (wire: WireCall) => {
    try {
      const { seq, name, line } = wire;
      const argsJson = argumentsText(wire);
      const call = {
        seq,
        name,
        args: JSON.parse(argsJson) as JsonValue[],
        argsJson,
        ...(line === undefined ? {} : { line }),
      };
      const isRecorded = recordedSeqs.has(seq);
      if (isRecorded) count += 1;
      const reply = await script.onCall(call);
      if (reply === undefined || isRecorded) return;
      count += 1;
      outbox.push(replyMessage({ seq, now: script.now(), reply }));
      // Replies that come in one turn of the event loop cross together.
      if (outbox.length === 1) setImmediate(flush);
    } catch (error) {
      if (!isStopped) onUnanswerable(error);
    }
  };
  const work = () => {
    const until = performance.now() + TURN_MS;
    for (let next = inbox.shift(); next !== undefined && !isStopped; next = inbox.shift()) {
      next();
      if (inbox.length > 0 && performance.now() > until) return void setImmediate(work);
    }
  };
  const enter = (works: readonly (() => void)[]) => {
    const isWorking = inbox.length > 0;
    inbox.push(...works);
    if (!isWorking) work();
  };
  return {
    take: (calls) => enter(calls.map((call) => () => void answer(call))),
    afterTaken: (next) => enter([next]),
    count: () => count,
    stop() {
      isStopped = true;
    },
  };
}
