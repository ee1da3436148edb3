import { getDefaultEnvironment } from '@modelcontextprotocol/client/stdio';
import { onTestFinished, vi } from 'vitest';
import type { Logger } from '../../src/domain/logger.ts';
import type { ToolPolicyRules } from '../../src/domain/tool-policy.ts';
import { createHub } from '../../src/hub/create-hub.ts';
import type { Hub, ServerSpec } from '../../src/hub/hub.ts';
import { DEFAULT_HUB_LIMITS, type HubLimits } from '../../src/hub/limits.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface HubRoom {
  readonly hub: Hub;
  /** Deadlines, pauses and delays pass when this is told to. */
  readonly time: VirtualTime;
  readonly logs: readonly LogEntry[];
  readonly stateFolder: string;
  /** How often a server has written this to its stderr. */
  timesWritten(server: string, line: string): number;
  /** Until a server has written this to its stderr. */
  stderrOf(server: string, line: string): Promise<void>;
}

export interface HubRoomParams {
  readonly servers: Readonly<Record<string, ServerSpec>>;
  readonly policies?: Readonly<Record<string, ToolPolicyRules>>;
  readonly limits?: Partial<HubLimits>;
  readonly childEnv?: Readonly<Record<string, string>>;
}

/** A hub with real processes, and time that stands still; closed with the running test. */
export function openHub(params: HubRoomParams): HubRoom {
  const { servers, policies, limits, childEnv = getDefaultEnvironment() } = params;
  const time = createVirtualTime();
  const logs: LogEntry[] = [];
  const stateFolder = temporaryFolder();
  const write =
    (level: string) =>
    (message: string, fields: LogEntry['fields'] = {}) =>
      void logs.push({ level, message, fields });
  const logger: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  const hub = createHub({
    servers,
    policies,
    clientVersion: '0.0.0',
    childEnv,
    stateFolder,
    limits: { ...DEFAULT_HUB_LIMITS, ...limits },
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
    logger,
  });
  const timesWritten: HubRoom['timesWritten'] = (server, line) =>
    logs.filter(({ fields }) => fields.server === server && fields.line === line).length;
  onTestFinished(() => whileTimePasses(time, hub.close()));
  return {
    hub,
    time,
    logs,
    stateFolder,
    timesWritten,
    stderrOf: (server, line) =>
      vi.waitFor(() => {
        if (timesWritten(server, line) === 0) throw new Error(`${server} has not written: ${line}`);
      }, PATIENCE),
  };
}

/** For what other processes do, which no virtual clock moves. */
export const PATIENCE = { timeout: 20_000, interval: 5 };

/** For what takes as long as it is given, such as ending a process that does not want to. */
export async function whileTimePasses<Value>(time: VirtualTime, work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  while (!isOver) {
    time.elapse(50);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return work;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
