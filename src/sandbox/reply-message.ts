import type { ReplyMessage } from './messages.ts';
import type { CallReply, RecordedReply } from './runner.ts';

export function replyMessage({ seq, now, reply }: RecordedReply): ReplyMessage {
  return { seq, now, ...wireReply(reply) };
}

function wireReply(reply: CallReply): Pick<ReplyMessage, 'ok' | 'json'> {
  try {
    if (reply.ok) return { ok: true, json: JSON.stringify(reply.value) };
    const { message, fields } = reply;
    return { ok: false, json: JSON.stringify({ message, fields }) };
  } catch (error) {
    // Values can be nested more deeply than the stack allows.
    return wireReply({ ok: false, message: `The reply is no JSON: ${String(error)}`, fields: {} });
  }
}
