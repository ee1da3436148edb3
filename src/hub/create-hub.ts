import { createChangeFeed } from '../domain/change-feed.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { ToolPolicyRules } from '../domain/tool-policy.ts';
import { createDownstreamServer, type DownstreamServer } from './downstream-server.ts';
import { serverNotFound } from './faults.ts';
import type { Catalogue, Hub, ServerSpec } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { reapOrphans } from './process-records.ts';
import { serverNameProblem } from './server-name.ts';
import { createStartQueue } from './start-queue.ts';
import { createSupervisor } from './supervisor.ts';

export interface HubParams {
  readonly servers: Readonly<Record<string, ServerSpec>>;
  /** By the names of servers, for its users to keep; the hub itself only says which of them are for no tool. */
  readonly policies?: Readonly<Record<string, ToolPolicyRules>>;
  /** Of this program, which servers are told. */
  readonly clientVersion: string;
  /** All that servers get of our environment; their own `env` is added to it. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** Where a record of the processes is kept, so that none outlives this one for good; without it there is none. */
  readonly stateFolder?: string;
  readonly limits: HubLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1); for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Starts nothing yet: servers are started by their first use. */
export function createHub(params: HubParams): Hub {
  const { servers: specs, policies = {}, stateFolder, limits, timers, logger } = params;
  const supervisor = createSupervisor({ ...params, endMs: limits.endMs });
  const startQueue = createStartQueue({ startsMax: limits.startsMax, turnMs: limits.startTurnMs, timers });
  const changes = createChangeFeed(logger);
  const servers = new Map<string, DownstreamServer>();
  const reaped = stateFolder === undefined ? undefined : reapOrphans({ folder: stateFolder, logger });
  reaped?.catch((error: unknown) => logger.warn('Left processes could not be looked for.', { error }));

  function add(name: string, spec: ServerSpec): void {
    const nameProblem = serverNameProblem(name);
    if (nameProblem !== undefined)
      throw new Fault('INVALID_ARGUMENT', `There can be no such server. ${nameProblem}`);
    const former = servers.get(name);
    if (former !== undefined) checkIsReplaceable(name, former);
    const onToolsChange = () => changes.announce();
    // What is left of it ends first.
    const startAfter = former?.stop().then(() => {});
    servers.set(
      name,
      createDownstreamServer({
        ...params,
        server: name,
        spec,
        rules: policies[name] ?? {},
        supervisor,
        startQueue,
        onToolsChange,
        startAfter,
      }),
    );
    if (former?.knownTools() !== undefined) onToolsChange();
  }

  function checkIsReplaceable(name: string, former: DownstreamServer): void {
    const isConfigured = Object.hasOwn(specs, name);
    if (!isConfigured && !['starting', 'running'].includes(former.status().state)) return;
    throw new Fault('INVALID_ARGUMENT', `There is a server ${name} already.`, {
      hint: isConfigured ? 'Choose another name.' : 'Stop it first, or choose another name.',
    });
  }

  function find(name: string): DownstreamServer {
    const server = servers.get(name);
    if (server !== undefined) return server;
    throw serverNotFound(name, [...servers.keys()]);
  }

  const all = () => [...servers.values()];
  const catalogue = (): Catalogue => ({
    tools: all().flatMap((server) => server.knownTools() ?? []),
    servers: all().map((server) => server.status()),
  });

  for (const [name, spec] of Object.entries(specs)) add(name, spec);

  return {
    statuses: () => all().map((server) => server.status()),
    add,
    start: async (name) => find(name).start(),
    stop: async (name) => find(name).stop(),
    stopAll: () => Promise.all(all().map((server) => server.stop())),
    async listTools(name, { refresh = false } = {}) {
      const server = find(name);
      return (refresh ? undefined : server.knownTools()) ?? server.readTools();
    },
    catalogue() {
      for (const server of all()) {
        // A failed one is asked again when its pause is over, and not by everyone who looks.
        const isLeftAlone = server.status().retryAfterMs !== undefined;
        if (server.knownTools() === undefined && !isLeftAlone) server.readTools().catch(() => {});
      }
      return catalogue();
    },
    async refreshCatalogue(signal) {
      const asked = all().filter((server) => server.status().state !== 'disabled');
      await Promise.allSettled(asked.map((server) => server.readTools(signal)));
      if (signal?.aborted)
        throw new Fault('CANCELLED', 'The call was cancelled before all servers had answered.');
      return catalogue();
    },
    callTool: async ({ server, ...call }) => find(server).callTool(call),
    onCatalogueChange: (listener) => changes.add(listener),
    async close() {
      await Promise.allSettled(all().map((server) => server.stop()));
      await supervisor.close();
      await reaped?.catch(() => {});
    },
  };
}
