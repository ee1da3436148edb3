import { createHash } from 'node:crypto';
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { Fault, type FaultOptions } from '../domain/errors.ts';
import { canonicalJson } from '../domain/json.ts';
import { QuestionPending } from '../domain/question-pending.ts';
import type { ConfirmableCall } from '../domain/tool-policy.ts';
import type { McpServerParams } from './server.ts';
import { excerpt } from './wire-errors.ts';

export type Confirm = (call: ConfirmableCall) => Promise<boolean>;

/** How a tool asks the person at the client. */
export interface Confirmation {
  /**
   * Whether the person allows a call of a downstream tool; absent where the client cannot ask. Throws
   * {@link QuestionPending} where the question can only be put by ending our own call: the client makes the same call
   * again with the answer. Protocol revision 2026-07-28 knows no other way.
   */
  readonly confirm?: Confirm;
  /** What the {@link QuestionPending} had with it after which this call goes on; the client can read it, and forge it. */
  readonly resumption?: string;
}

/** People take their time. */
const ANSWER_MS_MAX = 600_000;
const ARGUMENTS_CHARS_MAX = 2_000;

export interface ConfirmationParams extends McpServerParams {
  readonly server: Server;
  readonly ctx: ServerContext;
}

export function confirmationFor({ server, ctx, era }: ConfirmationParams): Confirmation {
  const { envelope, requestState } = ctx.mcpReq;
  if (era === 'legacy') return canAsk(server.getClientCapabilities()) ? { confirm: askNow(ctx) } : {};
  const { [CLIENT_CAPABILITIES_META_KEY]: capabilities } = (envelope ?? {}) as ModernEnvelope;
  return {
    ...(canAsk(capabilities) && { confirm: askInRounds(ctx) }),
    resumption: requestState(),
  };
}

/** Every request of a newer client says what it can do. */
interface ModernEnvelope {
  readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities;
}

/** The result of a call that ends with questions in the place of an answer. */
export function questionResult({ questions, resumption }: QuestionPending): InputRequiredResult {
  const requests = questions.map((call) => [keyOf(call), inputRequired.elicit(formFor(call))]);
  return inputRequired({ inputRequests: Object.fromEntries(requests), requestState: resumption });
}

/** An empty `elicitation` is that of the first revision that had it, which knew only forms. */
function canAsk(capabilities: ClientCapabilities | undefined): boolean {
  const elicitation = capabilities?.elicitation;
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/** Up to 2025-11-25 a server may ask while it answers. */
function askNow({ mcpReq }: ServerContext): Confirm {
  return async (call) => {
    const answer = mcpReq.send(
      { method: 'elicitation/create', params: formFor(call) },
      { signal: mcpReq.signal, timeout: ANSWER_MS_MAX },
    );
    const { action } = await answer.catch((cause: unknown) => {
      mcpReq.signal.throwIfAborted();
      throw unanswered(call, 'nobody answered', { cause });
    });
    return isYes(action, call);
  };
}

/** Since then it ends its answer with the question. */
function askInRounds({ mcpReq }: ServerContext): Confirm {
  const unused = new Set(Object.keys(mcpReq.inputResponses ?? {}));
  return async (call) => {
    const key = keyOf(call);
    // One answer is for one call, also if another one is just the same.
    if (!unused.delete(key)) throw new QuestionPending([call]);
    const answer = inputResponse(mcpReq.inputResponses, key);
    return answer.kind === 'elicit' && isYes(answer.action, call);
  };
}

/** Throws `NOT_ALLOWED` where the question was closed: that is no answer. */
function isYes(action: string, call: ConfirmableCall): boolean {
  if (action === 'cancel') throw unanswered(call, 'the question was dismissed');
  return action === 'accept';
}

function unanswered({ server, tool }: ConfirmableCall, why: string, { cause }: FaultOptions = {}): Fault {
  return new Fault('NOT_ALLOWED', `The tool ${tool} of the server ${server} was not called: ${why}.`, {
    hint: 'Call again when somebody is there to say yes or no.',
    details: { server, tool },
    cause,
  });
}

/** Bound to the arguments: the answer to one question is none to another. */
function keyOf(call: ConfirmableCall): string {
  return createHash('sha256').update(canonicalJson(call)).digest('base64url');
}

/** Without fields: to accept it is all that it takes to say yes. */
function formFor({ server, tool, args }: ConfirmableCall) {
  const shown = excerpt(JSON.stringify(args, null, 2), ARGUMENTS_CHARS_MAX);
  return {
    mode: 'form' as const,
    message: `May the tool "${tool}" of the server "${server}" be called with these arguments?\n\n${shown}`,
    requestedSchema: { type: 'object' as const, properties: {} },
  };
}
