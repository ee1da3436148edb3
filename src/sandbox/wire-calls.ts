import type { CallMessage } from './messages.ts';

/** Texts above it are handed over, not copied: a thread copies all texts of a message before it gets any of them. */
const COPIED_CHARACTERS_MAX = 1024;

/** A call as it crosses to the host. */
export type WireCall = Omit<CallMessage, 'args'> & {
  /** A JSON array; as UTF-8 where it is long. */
  readonly args: string | Uint8Array<ArrayBuffer>;
};

export function wireCall(call: CallMessage): WireCall {
  if (call.args.length <= COPIED_CHARACTERS_MAX) return call;
  return { ...call, args: new TextEncoder().encode(call.args) };
}

/** What is handed over with these calls, and the sender has no more. */
export function handedOver(calls: readonly WireCall[]): ArrayBuffer[] {
  return calls.flatMap(({ args }) => (typeof args === 'string' ? [] : [args.buffer]));
}

/** The JSON text; reading a long one takes its time, so that callers do it when it is the turn of the call. */
export function argumentsText({ args }: WireCall): string {
  return typeof args === 'string' ? args : Buffer.from(args.buffer).toString('utf8');
}
