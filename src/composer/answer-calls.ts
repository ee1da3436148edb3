import { hash } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { failpoint } from '../domain/failpoint.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import { QuestionPending } from '../domain/question-pending.ts';
import type { Timers } from '../domain/timers.ts';
import type { ToolPolicy } from '../domain/tool-policy.ts';
import type { DownstreamTool, Hub } from '../hub/hub.ts';
import type { CallReply, GuestCall } from '../sandbox/runner.ts';
import { type CallFailure, failedReply, failureOfFault } from './call-failure.ts';
import type { CallLog } from './call-log.ts';
import { divergence, doubt } from './call-verdicts.ts';
import type { ExecuteParams } from './composer.ts';
import type { ComposerLimits } from './limits.ts';
import type { RecordedCalls } from './recorded-calls.ts';
import type { ReplyOrder } from './reply-order.ts';
import type { ResultSamples } from './result-samples.ts';
import type { RunJournal } from './run-journal.ts';
import type { RunProgress } from './run-progress.ts';
import type { RunStop } from './run-stop.ts';
import { isReadOnly, isRepeatable, type ScriptFunction, type ScriptFunctions } from './script-functions.ts';
import { createSuspension } from './suspension.ts';
import { withheldConsent } from './tool-consent.ts';

export interface AnswerCallsParams {
  readonly runId: string;
  readonly functions: ScriptFunctions;
  readonly recorded: RecordedCalls;
  /** Of the replies that are recorded. */
  readonly recordedBytes: number;
  readonly order: ReplyOrder;
  readonly journal: RunJournal;
  readonly log: CallLog;
  readonly progress: RunProgress;
  readonly stop: RunStop;
  readonly confirm: ExecuteParams['confirm'];
  readonly hub: Pick<Hub, 'callTool' | 'statuses'>;
  readonly samples: ResultSamples;
  readonly limits: ComposerLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Of a server that has failed: a longer one is for the script to know of. */
const PAUSE_MS_MAX = 1_000;

interface Call extends GuestCall {
  readonly argsHash: string;
  /** See `JournaledCall.target`. */
  readonly target?: string;
  readonly called: ScriptFunction;
  /** An earlier attempt began it, and the journal has it. */
  isBegun: boolean;
}

/**
 * Answers the calls of one script by making them, but for those that have a recorded reply, which are only compared. A call
 * that may change something is made only once it is durable that it is about to be made, together with everything that the
 * script was told before: whatever happens afterwards, the script gets to this call again, with the same arguments, and it is
 * not made twice.
 */
export function createCallAnswers(
  params: AnswerCallsParams,
): (call: GuestCall) => Promise<CallReply | undefined> {
  const { runId, functions, recorded, order, journal, log, progress, stop } = params;
  const { hub, samples, limits, clock, timers, logger } = params;
  let replyBytes = params.recordedBytes;
  const suspension = createSuspension(async (questions) => {
    // Their replies were given to the script a moment ago.
    await journal.durable().catch(() => {});
    stop.stop({ kind: 'fault', error: new QuestionPending(questions, runId) });
  });

  /** Undefined where the reply is recorded, and where the script is to be stopped. */
  async function answer(guestCall: GuestCall): Promise<CallReply | undefined> {
    if (stop.signal.aborted) return undefined;
    const { seq, name, argsJson } = guestCall;
    const called = functions.find(name);
    const argsHash = hash('sha256', argsJson, 'hex');
    const target =
      called.kind === 'tool' ? JSON.stringify([called.tool.server, called.tool.name]) : undefined;
    const before = recorded.find(seq);
    const isSame = before === undefined || (before.name === name && before.argsHash === argsHash);
    const isSameTool = target === undefined || before?.target === undefined || before.target === target;
    if (before !== undefined && !(isSame && isSameTool)) {
      const error = divergence({ ...guestCall, argsHash }, before);
      return void stop.stop({ kind: 'verdict', status: 'failed', error });
    }
    log.add(guestCall, called);
    if (before?.finish !== undefined) {
      const { finish } = before;
      log.finish(seq, finish);
      if (called.kind !== 'sleep') progress.finishCall(`${name} (call ${seq}) was done before`);
      return undefined;
    }
    const { doubtful } = recorded;
    if (before !== undefined && !isRepeatable(called)) {
      const error = doubt({ call: { ...guestCall, called }, doubtful });
      return void stop.stop({ kind: 'verdict', status: 'in_doubt', error });
    }
    // The script is only led to the call that is in doubt, to tell what it was.
    if (doubtful.length > 0) return undefined;
    return make({ ...guestCall, argsHash, target, called, isBegun: before !== undefined });
  }

  async function make(call: Call): Promise<CallReply | undefined> {
    const { seq, name, called } = call;
    const startedMs = clock.monotonicMs();
    const isTool = called.kind === 'tool';
    if (isTool && !suspension.begin(called.policy === 'ask')) return undefined;
    const reply = await replyTo(call);
    if (reply === undefined || stop.signal.aborted) return undefined;
    const ms = Math.round((clock.monotonicMs() - startedMs) * 100) / 100;
    noteBegin(call);
    const finish = order.add(reply, ms);
    journal.add({ kind: 'finished', seq, finish });
    log.finish(seq, finish);
    if (called.kind !== 'sleep')
      progress.finishCall(`${name} (call ${seq}) ${reply.ok ? 'is done' : 'failed'}`);
    if (isTool) suspension.end();
    // From here on all replies go the same way, so that they keep their order.
    return reply;
  }

  function noteBegin(call: Call): void {
    if (call.isBegun) return;
    call.isBegun = true;
    const { seq, name, argsHash, target } = call;
    journal.add({ kind: 'begun', seq, name, argsHash, target });
  }

  /** Undefined: there is none in this attempt, because a person has to be asked after it. */
  async function replyTo(call: Call): Promise<CallReply | undefined> {
    const { called } = call;
    switch (called.kind) {
      case 'sleep':
        await timers.sleep(Number(call.args[0]), stop.signal).catch(() => {});
        return { ok: true, value: null };
      case 'missing':
        return failedReply({ ...called, seq: call.seq }, called.failure());
      case 'tool':
        return useTool(call, called);
    }
  }

  async function useTool(
    call: Call,
    { tool, policy }: { readonly tool: DownstreamTool; readonly policy: ToolPolicy },
  ): Promise<CallReply | undefined> {
    const { server, name } = tool;
    const fail = (failure: CallFailure) => failedReply({ server, tool: name, seq: call.seq }, failure);
    const args = argumentsOf(call.args);
    if (args === undefined) return fail(notOneObject(call.name));
    const { confirm } = params;
    const subject = { server, tool: name, args };
    const withheld = await withheldConsent({ policy, call: subject, confirm, logger });
    if (withheld === 'pending') return void suspension.ask(subject);
    if (withheld !== undefined) return fail(withheld);
    await outlastPause(server);
    if (!isReadOnly(call.called)) {
      if (!stop.signal.aborted) {
        noteBegin(call);
        log.begin(call.seq);
      }
      await journal.durable();
    }
    if (stop.signal.aborted) return fail(STOPPED);
    failpoint('script_call_begun');
    try {
      const value = await callTool(call, tool, args);
      failpoint('script_call_done');
      const bytes = Buffer.byteLength(JSON.stringify(value));
      if (bytes > limits.replyBytesMax) return fail(tooLarge(bytes, limits.replyBytesMax));
      if (replyBytes + bytes > limits.repliesBytesMax) return fail(tooMuch(limits.repliesBytesMax));
      replyBytes += bytes;
      samples.note(tool, value, bytes);
      return { ok: true, value };
    } catch (error) {
      const failure = failureOfFault(error, isRepeatable(call.called));
      if (failure === undefined)
        logger.error('A call out of a script failed unexpectedly.', { call: call.name, error });
      return fail(failure ?? UNEXPECTED);
    }
  }

  /** A script that has caught one failure would fail by the next call before the server is tried again. */
  async function outlastPause(server: string): Promise<void> {
    const { retryAfterMs = 0 } = hub.statuses().find(({ name }) => name === server) ?? {};
    if (retryAfterMs > 0 && retryAfterMs <= PAUSE_MS_MAX)
      await timers.sleep(retryAfterMs, stop.signal).catch(() => {});
  }

  async function callTool({ seq, name }: Call, tool: DownstreamTool, args: JsonObject): Promise<JsonValue> {
    const { value } = await hub.callTool({
      server: tool.server,
      tool: tool.name,
      args,
      signal: stop.signal,
      // A server that keeps these can tell a call that it has seen.
      meta: { run_id: runId, seq },
      onProgress: ({ message }) => progress.say(`${name} (call ${seq})${message ? `: ${message}` : ''}`),
    });
    return value;
  }

  return (call) => answer(call).catch((error: unknown) => void stop.stop({ kind: 'fault', error }));
}

function argumentsOf(args: readonly JsonValue[]): JsonObject | undefined {
  const [first = {}, ...more] = args;
  return more.length === 0 && isJsonObject(first) ? first : undefined;
}

function notOneObject(name: string): CallFailure {
  const message = `\`${name}\` takes one object with its arguments by their names: ${name}({ ... }).`;
  return { kind: 'invalid_arguments', message, retryable: false };
}

function tooMuch(bytesMax: number): CallFailure {
  const message = `The tool did what it was asked, but with its result those of all calls have more than ${bytesMax} bytes of JSON, which is all that one script gets. Ask the tools for less, or do the rest with another script.`;
  return { kind: 'too_large', message, retryable: false };
}

function tooLarge(bytes: number, bytesMax: number): CallFailure {
  const message = `The tool did what it was asked, but its result has ${bytes} bytes of JSON; at most ${bytesMax} reach a script. Ask it for less at once.`;
  return { kind: 'too_large', message, retryable: false };
}

/** Nobody hears of these: the script is over. */
const STOPPED: CallFailure = {
  kind: 'cancelled',
  message: 'The script was stopped before the call was made.',
  retryable: true,
};

const UNEXPECTED: CallFailure = {
  kind: 'internal',
  message: 'The call failed unexpectedly. The log of this program says more.',
  retryable: false,
};
