import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { noServersNote } from '../domain/no-servers.ts';
import { openedOnce } from '../domain/opened-once.ts';
import { systemTimers } from '../domain/timers.ts';
import { policyFor, type ToolPolicy } from '../domain/tool-policy.ts';
import type { Hub } from '../hub/hub.ts';
import type { McpServersConfig } from '../hub/mcp-servers-config.ts';
import type { WiringParams } from './program.ts';

/** The downstream servers: none of them, and nothing that it takes to speak to them, is there before its first use. */
export interface Downstream {
  readonly settings: () => Promise<McpServersConfig>;
  readonly hub: () => Promise<Hub>;
  readonly policies: () => Promise<(server: string, tool: string) => ToolPolicy>;
  /** Ends all that was started. */
  close(): Promise<void>;
}

/** As far as it can be told before the list of servers is read. */
export function mayHaveServers({ servers, toolsets }: Config): boolean {
  return servers.file !== undefined || (servers.allowUnlisted && toolsets.includes('servers'));
}

/** Its methods throw `CONFIG_INVALID` where the list of servers is broken. */
export function deferDownstream(params: WiringParams): Downstream {
  const { program, config, logger } = params;
  let isClosed = false;
  let close = async () => {};
  const settings = openedOnce(() => readServersFile(params));
  return {
    settings,
    hub: openedOnce(async () => {
      const [{ createHub }, { DEFAULT_HUB_LIMITS }, { childEnvironment }] = await Promise.all([
        import('../hub/create-hub.ts'),
        import('../hub/limits.ts'),
        import('../domain/child-environment.ts'),
      ]);
      const { servers, policies } = await settings();
      const hub = createHub({
        servers,
        policies,
        clientVersion: program.version,
        childEnv: childEnvironment(program.env),
        stateFolder: join(dirname(config.databasePath), 'downstream-processes'),
        limits: DEFAULT_HUB_LIMITS,
        clock: systemClock,
        timers: systemTimers,
        random: Math.random,
        logger,
      });
      close = hub.close;
      // Whoever asked for it did so when the end had not come yet; it starts nothing now.
      if (isClosed) await hub.close();
      return hub;
    }),
    async policies() {
      const { policies } = await settings();
      return (server, tool) => policyFor(policies[server] ?? {}, tool);
    },
    async close() {
      isClosed = true;
      await close();
    },
  };
}

async function readServersFile({ config, logger }: WiringParams): Promise<McpServersConfig> {
  const { file, unusedFile } = config.servers;
  if (file === undefined) {
    if (unusedFile !== undefined) logger.warn(noServersNote({ unusedFile }));
    return { servers: {}, policies: {}, notes: [] };
  }
  const { loadMcpServersConfig } = await import('../hub/mcp-servers-config.ts');
  const settings = await loadMcpServersConfig(file);
  for (const note of settings.notes) logger.warn('Something in the list of servers is not used.', { note });
  return settings;
}
