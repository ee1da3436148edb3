import { systemClock } from '../../src/domain/clock.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import { systemTimers } from '../../src/domain/timers.ts';
import { createHub } from '../../src/hub/create-hub.ts';
import type { Hub, ServerSpec } from '../../src/hub/hub.ts';
import { DEFAULT_HUB_LIMITS, type HubLimits } from '../../src/hub/limits.ts';

export { Fault } from '../../src/domain/errors.ts';

export interface SystemHubParams {
  readonly servers: Readonly<Record<string, ServerSpec>>;
  readonly stateFolder: string;
  readonly limits?: Partial<HubLimits>;
}

/** A hub on the clock of the system, as a campaign needs it: bundled, and sometimes with a planted defect. */
export function openSystemHub({ servers, stateFolder, limits }: SystemHubParams): Hub {
  return createHub({
    servers,
    clientVersion: '0.0.0',
    childEnv: { PATH: process.env.PATH ?? '' },
    stateFolder,
    limits: { ...DEFAULT_HUB_LIMITS, ...limits },
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    logger: silentLogger,
  });
}

/** As a process of its own, it starts all servers, lets those that can leave processes behind, and waits to be killed. */
async function waitToBeKilled(params: SystemHubParams): Promise<void> {
  const hub = openSystemHub(params);
  const leave = (server: string, detached: boolean) =>
    hub.callTool({ server, tool: 'leave', args: { detached } });
  await Promise.allSettled(
    Object.keys(params.servers).flatMap((server) => [
      hub.start(server),
      leave(server, false),
      leave(server, true),
    ]),
  );
  process.stdout.write('ready\n');
  setInterval(() => {}, 2 ** 30);
}

const [, , mode, json = ''] = process.argv;
if (mode === 'wait-to-be-killed') await waitToBeKilled(JSON.parse(json));
