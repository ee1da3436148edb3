import { SdkHttpError } from '@modelcontextprotocol/client';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { ToolPolicyRules } from '../domain/tool-policy.ts';
import { callFault, resultFault } from './call-faults.ts';
import type { Connection } from './connection.ts';
import { requestFault, retryLater } from './faults.ts';
import type { CallToolParams, DownstreamTool, ServerSpec, ServerStatus, ToolResult } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { isNestedDeeper } from './nesting.ts';
import { createQuote } from './quote.ts';
import { readResult } from './read-result.ts';
import { createRequestRunner } from './request-runner.ts';
import { createRuleCheck } from './rule-check.ts';
import { createServerLink } from './server-link.ts';
import { secretsOf } from './server-secrets.ts';
import type { StartQueue } from './start-queue.ts';
import type { Supervisor } from './supervisor.ts';
import { createToolList } from './tool-list.ts';

/** One server of the hub; see there for what its methods throw. */
export interface DownstreamServer {
  status(): ServerStatus;
  /** Undefined before they were seen once. */
  knownTools(): readonly DownstreamTool[] | undefined;
  start(): Promise<ServerStatus>;
  stop(): Promise<ServerStatus>;
  readTools(signal?: AbortSignal): Promise<readonly DownstreamTool[]>;
  callTool(params: Omit<CallToolParams, 'server'>): Promise<ToolResult>;
}

export interface DownstreamServerParams {
  readonly server: string;
  readonly spec: ServerSpec;
  readonly rules: ToolPolicyRules;
  readonly clientVersion: string;
  readonly supervisor: Supervisor;
  readonly startQueue: StartQueue;
  readonly limits: HubLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly logger: Logger;
  /** Told when the tools that are known of it changed. */
  readonly onToolsChange: () => void;
  /** What has to be over before its first start; never fails. */
  readonly startAfter?: Promise<void>;
}

export function createDownstreamServer(params: DownstreamServerParams): DownstreamServer {
  const { server, spec, limits, logger } = params;
  const timeoutMs = spec.timeoutMs ?? limits.callMs;
  const quote = createQuote(secretsOf(spec));
  const link = createServerLink({
    ...params,
    quote,
    onToolsChanged: () => tools.noteChange(),
    onConnected: () => void tools.read().catch(() => {}),
  });
  const requests = createRequestRunner({ ...params, link });
  const ruleCheck = createRuleCheck(params);
  const tools = createToolList({
    ...params,
    link,
    requests,
    timeoutMs,
    quote,
    onRead: ruleCheck.check,
    onChange: params.onToolsChange,
  });

  function status(): ServerStatus {
    const { pid, title, version } = link.current() ?? {};
    const retryAfterMs = link.pauseLeftMs();
    const problem = link.failure()?.message;
    return {
      name: server,
      state: link.state(),
      // Also while it is tried again: nobody knows yet whether it helps.
      ...(problem !== undefined && { problem }),
      ...(link.state() === 'failed' && retryAfterMs > 0 && { retryAfterMs }),
      ...(pid !== undefined && { pid }),
      ...(title !== undefined && { title }),
      ...(version !== undefined && { version }),
      ...(tools.known() && { toolCount: tools.known()?.length }),
      ...(tools.dropped() > 0 && { toolsDropped: tools.dropped() }),
      ...(ruleCheck.unmatched().length > 0 && { unmatchedRules: ruleCheck.unmatched() }),
    };
  }

  async function callTool(call: Omit<CallToolParams, 'server'>, isRepeat = false): Promise<ToolResult> {
    const { tool, args, signal, meta, onProgress } = call;
    const connection = await link.connect(signal);
    // The newer protocol wants to see some arguments in the headers of HTTP, and the schema says which.
    if (!connection.isLegacy && tools.known() === undefined) await tools.read(signal).catch(() => {});
    const listed = tools.known()?.find(({ name }) => name === tool);
    const areAllKnown = tools.known() !== undefined && tools.dropped() === 0;
    const isListed = listed === undefined && !areAllKnown ? undefined : listed !== undefined;
    const subject = { server, tool, quote, isListed };
    const request = { tool, args, meta, inputSchema: listed?.inputSchema };
    const options = { ms: call.timeoutMs ?? timeoutMs, signal, onProgress };
    let raw: unknown;
    try {
      raw = await requests.run(connection, options, (control) => connection.callTool(request, control));
    } catch (error) {
      if (isSessionLost(connection, error)) {
        link.drop(connection);
        if (!isRepeat) return callTool(call, true);
      }
      const fault = callFault(subject, error);
      // Whoever calls next is told of this failure, and not that his call may have been taken.
      if (isUnreachable(connection, error)) link.drop(connection, requestFault(error, subject));
      throw retryLater(fault, link.pauseLeftMs());
    }
    if (isNestedDeeper(raw, limits.depthMax)) throw nestedTooDeep(server, limits.depthMax);
    const result = readResult(raw);
    if (result.isError) throw resultFault(subject, result);
    return { value: result.value, content: result.content };
  }

  return {
    status,
    knownTools: () => tools.known(),
    async start() {
      await link.connect();
      return status();
    },
    async stop() {
      const ended = link.stop();
      // Whoever uses it again waits for the end, which is none of whoever stops it.
      const stopped = status();
      await ended;
      logger.debug('A downstream server was stopped.', { server });
      return stopped;
    },
    readTools: (signal) => tools.read(signal),
    callTool: (call) => callTool(call),
  };
}

/** A server over HTTP that was started anew: it did not look at the call, so that making it again is safe. */
function isSessionLost({ isStdio }: Connection, error: unknown): boolean {
  return !isStdio && error instanceof SdkHttpError && error.status === 404;
}

/** The network failed, and not the server: what `fetch` throws. */
function isUnreachable({ isStdio }: Connection, error: unknown): boolean {
  return !isStdio && error instanceof TypeError;
}

function nestedTooDeep(server: string, depthMax: number): Fault {
  return new Fault(
    'TOO_LARGE',
    `The answer of the server ${server} is nested more than ${depthMax} levels deep.`,
    {
      details: { server, depth_max: depthMax },
    },
  );
}
