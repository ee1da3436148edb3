import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ServersConfig } from './config.ts';
import { existingFile } from './places.ts';
import type { Inputs } from './problems.ts';

const OWN_FILE = 'mcp_servers_config.json';

export function serversConfig(inputs: Inputs): ServersConfig {
  const { values, settings, cwd, report } = inputs;
  const allowUnlisted = values.ORCHESTRATOR_ALLOW_UNLISTED_SERVERS ?? false;
  // Whoever wrote the working directory may have put a `.env` there; opening the folder must not give programs away.
  if (allowUnlisted && settings.ORCHESTRATOR_ALLOW_UNLISTED_SERVERS?.source === '.env')
    report(
      'ORCHESTRATOR_ALLOW_UNLISTED_SERVERS',
      'A .env file cannot allow every command. Set it in the environment, or remove it.',
    );
  const ownFile = join(cwd, OWN_FILE);
  return {
    file: existingFile(inputs, 'MCP_SERVERS_CONFIG') ?? (existsSync(ownFile) ? ownFile : undefined),
    allowUnlisted,
  };
}
