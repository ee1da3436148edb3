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
  checkDotEnv(inputs);
  return { ...listOf(inputs), allowUnlisted: inputs.values.ORCHESTRATOR_ALLOW_UNLISTED_SERVERS ?? false };
}

/** Workflows of the same folder can use servers too, so that a list counts only where somebody else asked for servers. */
function listOf(inputs: Inputs): Pick<ServersConfig, 'file' | 'unusedFile'> {
  const named = existingFile(inputs, 'MCP_SERVERS_CONFIG');
  if (named !== undefined) return { file: named };
  const ownFile = join(inputs.cwd, OWN_FILE);
  if (!existsSync(ownFile)) return {};
  return startingToolsets(inputs).length > 0 ? { file: ownFile } : { unusedFile: ownFile };
}

function startingToolsets({ values }: Inputs): readonly Toolset[] {
  return values.ORCHESTRATOR_TOOLSETS?.filter((toolset) => STARTING_TOOLSETS.includes(toolset)) ?? [];
}

/** Whoever wrote the working directory may have put a `.env` there; opening the folder must not start their programs. */
function checkDotEnv(inputs: Inputs): void {
  const { values, settings, report } = inputs;
  const refuse = (name: keyof typeof settings, what: string) => {
    if (settings[name]?.source === '.env')
      report(name, `A .env file cannot ${what}. Set it in the environment, or remove it.`);
  };
  if (values.ORCHESTRATOR_ALLOW_UNLISTED_SERVERS)
    refuse('ORCHESTRATOR_ALLOW_UNLISTED_SERVERS', 'allow every command');
  refuse('MCP_SERVERS_CONFIG', 'say which servers there are');
  const starting = startingToolsets(inputs);
  if (starting.length > 0)
    refuse('ORCHESTRATOR_TOOLSETS', `switch ${starting.join(' and ')} on, whose tools start programs`);
}
