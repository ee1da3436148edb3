import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { isJsonObject, type JsonValue } from '../domain/json.ts';
import { CLIENT_NAMES, type ClientName, describeClient } from './clients.ts';
import type { Installation } from './services.ts';

/** A settings file of an MCP client that is in use here. */
export interface FoundClient {
  readonly client: ClientName;
  readonly title: string;
  readonly file: string;
  /** The entries that start this program. */
  readonly servers: readonly FoundServer[];
  /** Why the file could not be read; continues a sentence that begins with its name. */
  readonly problem?: string;
}

interface FoundServer {
  readonly name: string;
  /** A file that the entry starts and that is not there. */
  readonly missing?: string;
}

/** The MCP clients whose folders are there, and what they know of this program. Reads, and writes nothing. */
export async function findClients(installation: Installation): Promise<readonly FoundClient[]> {
  const found: FoundClient[] = [];
  for (const client of CLIENT_NAMES) {
    const { title, places, serversKey } = describeClient(client, installation);
    for (const { file, folder } of places) {
      // The folder of Claude Code is the user's own, which is always there: only its file tells.
      if (!existsSync(client === 'claude-code' ? file : folder)) continue;
      found.push({ client, title, file, ...(await readServers(file, serversKey, installation)) });
    }
  }
  return found;
}

async function readServers(
  file: string,
  serversKey: string,
  { mainFile }: Installation,
): Promise<Pick<FoundClient, 'servers' | 'problem'>> {
  if (!existsSync(file)) return { servers: [] };
  let settings: unknown;
  try {
    settings = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, '') || '{}');
  } catch {
    return { servers: [], problem: 'is not plain JSON; it may have comments, or a comma too many.' };
  }
  const servers = isJsonObject(settings) ? settings[serversKey] : undefined;
  if (!isJsonObject(servers)) return { servers: [] };
  const ours = Object.entries(servers).flatMap(([name, entry]) => {
    const words = commandOf(entry);
    const isOurs = words.some((word) => word === mainFile || OUR_NAME.test(word));
    return isOurs ? [{ name, missing: words.find((word) => isAbsolute(word) && !existsSync(word)) }] : [];
  });
  return { servers: ours };
}

const OUR_NAME = /orchestrator-mcp/;

function commandOf(entry: JsonValue | undefined): readonly string[] {
  if (!isJsonObject(entry)) return [];
  const args = Array.isArray(entry.args) ? entry.args : [];
  return [entry.command, ...args].filter((word) => typeof word === 'string');
}
