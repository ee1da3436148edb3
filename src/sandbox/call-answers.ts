import type { JsonValue } from '../domain/json.ts';
import type { CallMessage, ReplyMessage } from './messages.ts';
import type { CallReply, RunScriptParams } from './runner.ts';

/** What calls may take of the event loop at a time; further ones wait for its next turn. */
const TURN_MS = 5;

/** Has the calls of a script answered, and sends the replies in the order in which they come. */
export interface CallAnswers {
  take(calls: readonly CallMessage[]): void;
  /** As many as were answered until now. */
  count(): number;
  /** No call is handed on any more, and no reply. */
  stop(): void;
}

export interface CallAnswersParams {
  readonly script: Pick<RunScriptParams, 'onCall' | 'now'>;
  readonly send: (replies: readonly ReplyMessage[]) => void;
  /** `onCall` rejected, which it does not for what a call does. */
  readonly onUnanswerable: (cause: unknown) => void;
}

export function createCallAnswers({ script, send, onUnanswerable }: CallAnswersParams): CallAnswers {
  const inbox: CallMessage[] = [];
  let outbox: ReplyMessage[] = [];
  let count = 0;
  let isStopped = false;

  const flush = () => {
    const replies = outbox;
    outbox = [];
    if (!isStopped) send(replies);
  };
  const answer = async ({ seq, name, args, line }: CallMessage) => {
    try {
      const call = {
        seq,
        name,
        args: JSON.parse(args) as JsonValue[],
        ...(line === undefined ? {} : { line }),
      };
      const reply = await script.onCall(call);
      outbox.push({ seq, now: script.now(), ...wireReply(reply, line) });
      count += 1;
      // Replies that come in one turn of the event loop cross together.
      if (outbox.length === 1) setImmediate(flush);
    } catch (error) {
      if (!isStopped) onUnanswerable(error);
    }
  };
  const work = () => {
    const until = performance.now() + TURN_MS;
    for (let call = inbox.shift(); call !== undefined && !isStopped; call = inbox.shift()) {
      void answer(call);
      if (inbox.length > 0 && performance.now() > until) return void setImmediate(work);
    }
  };
  return {
    take(calls) {
      const isWorking = inbox.length > 0;
      inbox.push(...calls);
      if (!isWorking) work();
    },
    count: () => count,
    stop() {
      isStopped = true;
    },
  };
}

function wireReply(reply: CallReply, line: number | undefined): Pick<ReplyMessage, 'ok' | 'json'> {
  try {
    if (reply.ok) return { ok: true, json: JSON.stringify(reply.value) };
    const { message, fields } = reply;
    return { ok: false, json: JSON.stringify({ message, fields: { ...fields, line } }) };
  } catch (error) {
    // Values can be nested more deeply than the stack allows.
    return wireReply({ ok: false, message: `The reply is no JSON: ${String(error)}`, fields: {} }, line);
  }
}
