import { delimiter } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Variables } from '../config/sources.ts';
import type { VariableName } from '../config/variables.ts';
import type { Client } from './clients.ts';
import type { Installation } from './services.ts';
import type { ServerEntry } from './settings-file.ts';

export interface EntryParams {
  readonly client: Client;
  readonly installation: Installation;
  readonly env: Readonly<Record<string, string>>;
}

/** How the client starts this program: by absolute paths, so that neither PATH nor the working directory matters. */
export function serverEntry({ client, installation, env }: EntryParams): ServerEntry {
  return {
    ...(client.namesTransport && { type: 'stdio' as const }),
    command: installation.nodePath,
    args: [installation.mainFile],
    ...(Object.keys(env).length > 0 && { env }),
    ...(client.timeoutSeconds !== undefined && { timeout: client.timeoutSeconds }),
  };
}

/** The settings file that holds nothing but this entry. */
export function settingsWith(client: Client, name: string, entry: ServerEntry): object {
  return { [client.serversKey]: { [name]: entry } };
}

/** The flags of this command line as variables of the entry; paths become absolute. */
export function variablesOf(flags: Variables, config: Config): Record<string, string> {
  const { ai } = config;
  const absolute: Partial<Record<VariableName, string>> = {
    WORKFLOW_DEFINITIONS_DIR: config.definitionDirs.join(delimiter),
    WORKFLOW_DB_PATH: config.databasePath,
    AI_RECORD: ai.recordPath,
    AI_REPLAY: ai.replayPath,
    MCP_SERVERS_CONFIG: config.servers.file,
    STUB_AI_SCRIPT: ai.provider === 'stub' ? ai.scriptPath : undefined,
  };
  const texts = Object.entries({ ...flags }).map(([name, text = '']) => [
    name,
    absolute[name as VariableName] ?? text,
  ]);
  return Object.fromEntries(texts);
}

/** The command that tells Claude Code of the server, for the shell of the platform. */
export function claudeCodeCommand(name: string, entry: ServerEntry, platform: NodeJS.Platform): string {
  const json = JSON.stringify(entry);
  const quoted =
    platform === 'win32' ? `"${json.replace(/(\\*)"/g, '$1$1\\"')}"` : `'${json.replaceAll("'", "'\\''")}'`;
  return `claude mcp add-json --scope user ${name} ${quoted}`;
}
