import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Toolset } from '../domain/toolset.ts';
import type { ServersConfig } from './config.ts';
import { existingFile } from './places.ts';
import type { Inputs } from './problems.ts';

const OWN_FILE = 'mcp_servers_config.json';
/** Whoever has their tools can have the servers of the list started. */
const STARTING_TOOLSETS: readonly Toolset[] = ['servers', 'composition'];

export function serversConfig(inputs: Inputs): ServersConfig {
  const { values, cwd } = inputs;
  checkDotEnv(inputs);
  const ownFile = join(cwd, OWN_FILE);
  return {
    file: existingFile(inputs, 'MCP_SERVERS_CONFIG') ?? (existsSync(ownFile) ? ownFile : undefined),
    allowUnlisted: values.ORCHESTRATOR_ALLOW_UNLISTED_SERVERS ?? false,
  };
}

/** Whoever wrote the working directory may have put a `.env` there; opening the folder must not start their programs. */
function checkDotEnv({ values, settings, report }: Inputs): void {
  const refuse = (name: keyof typeof settings, what: string) => {
    if (settings[name]?.source === '.env')
      report(name, `A .env file cannot ${what}. Set it in the environment, or remove it.`);
  };
  if (values.ORCHESTRATOR_ALLOW_UNLISTED_SERVERS)
    refuse('ORCHESTRATOR_ALLOW_UNLISTED_SERVERS', 'allow every command');
  refuse('MCP_SERVERS_CONFIG', 'say which servers there are');
  const starting = values.ORCHESTRATOR_TOOLSETS?.filter((toolset) => STARTING_TOOLSETS.includes(toolset));
  if (starting !== undefined && starting.length > 0)
    refuse('ORCHESTRATOR_TOOLSETS', `switch ${starting.join(' and ')} on, whose tools start programs`);
}
