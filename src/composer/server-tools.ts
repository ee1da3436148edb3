import type { Timers } from '../domain/timers.ts';
import type { Hub, ServerStatus } from '../hub/hub.ts';

export interface AskServersParams {
  readonly hub: Pick<Hub, 'statuses' | 'listTools'>;
  /** Of those whose tools are not known yet, the ones to ask. */
  readonly isWanted: (server: ServerStatus) => boolean;
  /** After which the caller goes on without those that have not answered. */
  readonly waitMs: number;
  readonly timers: Timers;
  readonly signal?: AbortSignal;
}

/** Waits for the tools of servers that were never seen, so that they are known from then on. Never throws. */
export async function askServers(params: AskServersParams): Promise<void> {
  const { hub, isWanted, waitMs, timers, signal } = params;
  const asked = hub.statuses().filter((server) => isUnseen(server) && isWanted(server));
  if (asked.length === 0) return;
  const waiting = new AbortController();
  const ended = signal === undefined ? waiting.signal : AbortSignal.any([waiting.signal, signal]);
  await Promise.race([
    Promise.allSettled(asked.map(({ name }) => hub.listTools(name))),
    timers.sleep(waitMs, ended).catch(() => {}),
  ]);
  waiting.abort();
}

/** Whether it may have tools that nobody knows yet, and may be asked now. */
function isUnseen({ state, toolCount, retryAfterMs }: ServerStatus): boolean {
  return toolCount === undefined && state !== 'disabled' && retryAfterMs === undefined;
}
