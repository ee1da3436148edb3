import type { ToolOffer, WorkTools } from '../ai/performer.ts';
import type { Task } from '../domain/task.ts';
import type { Timers } from '../domain/timers.ts';
import { checkToolPolicy, type ToolPolicy } from '../domain/tool-policy.ts';
import type { DownstreamTool, Hub } from '../hub/hub.ts';
import type { ExecutionContext } from './executor.ts';

/** A server may have to be fetched from a registry before it starts; those that take longer are left out this time. */
const WAIT_MS = 15_000;

/** The tools of the downstream servers, except those about which a person would have to be asked. */
export interface TaskTools {
  /** For one attempt at a task. Its calls carry the task's id and the attempt; they throw `LEASE_LOST` where it has lost the task. */
  forTask(task: Task, context: Pick<ExecutionContext, 'renewLease' | 'onProgress'>): WorkTools;
}

export interface TaskToolsParams {
  /** Opened by the first use. */
  readonly hub: () => Promise<Pick<Hub, 'statuses' | 'listTools' | 'callTool'>>;
  readonly policyOf: (server: string, tool: string) => ToolPolicy;
  readonly timers: Timers;
}

export function createTaskTools({ hub, policyOf, timers }: TaskToolsParams): TaskTools {
  async function offer(signal?: AbortSignal): Promise<ToolOffer> {
    const { statuses, listTools } = await hub();
    const answered = new AbortController();
    const ended = signal === undefined ? answered.signal : AbortSignal.any([answered.signal, signal]);
    const patience = timers.sleep(WAIT_MS, ended).catch(() => {});
    const asked = statuses().filter(({ state }) => state !== 'disabled');
    const lists = await Promise.all(
      asked.map(({ name: server }) => {
        const late = patience.then((): ServerTools => ({ server, tools: [], problem: LATE }));
        return Promise.race([toolsOf(server, listTools), late]);
      }),
    );
    answered.abort();
    return {
      tools: lists
        .flatMap(({ tools }) => tools)
        .filter((tool) => policyOf(tool.server, tool.name) === 'allow'),
      unavailable: lists.flatMap(({ server, problem }) =>
        problem === undefined ? [] : [{ server, problem }],
      ),
    };
  }

  return {
    forTask: ({ id, attempts }, { renewLease, onProgress }) => ({
      offer,
      async call({ server, tool, args }, signal) {
        await checkToolPolicy({ policy: policyOf(server, tool), call: { server, tool, args } });
        // A call may change something: it is only for whoever has the task.
        await renewLease();
        onProgress(`calling ${tool} of ${server}`);
        const { callTool } = await hub();
        // A server that keeps these can tell what it was called for.
        const meta = { task_id: id, attempt: attempts };
        return (await callTool({ server, tool, args, signal, meta })).value;
      },
    }),
  };
}

interface ServerTools {
  readonly server: string;
  readonly tools: readonly DownstreamTool[];
  /** Why there are none. */
  readonly problem?: string;
}

const LATE = 'It has not told its tools yet.';

async function toolsOf(server: string, listTools: Hub['listTools']): Promise<ServerTools> {
  try {
    return { server, tools: await listTools(server) };
  } catch (error) {
    return { server, tools: [], problem: error instanceof Error ? error.message : String(error) };
  }
}
