import { join } from 'node:path';
import type { Installation } from './services.ts';

export const CLIENT_NAMES = ['cline', 'claude-desktop', 'claude-code', 'cursor', 'vscode'] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];

/** A file that an MCP client reads its servers from. */
export interface SettingsPlace {
  readonly file: string;
  /** This folder exists where the client is in use. */
  readonly folder: string;
}

/** What differs between MCP clients in how they are told of a server. */
export interface Client {
  readonly title: string;
  /** The member of the settings that holds the servers by name. */
  readonly serversKey: 'mcpServers' | 'servers';
  /** Whether an entry names its transport. */
  readonly namesTransport: boolean;
  /** Where the client's own time-out, in seconds, is too short to start under load and to wait for a model. */
  readonly timeoutSeconds?: number;
  /** At least one, the preferred first: one client may come in several forms, each with settings of its own. */
  readonly places: readonly [SettingsPlace, ...SettingsPlace[]];
}

export function describeClient(name: ClientName, installation: Installation): Client {
  const { homeDir, env } = installation;
  const appData = applicationData(installation);
  switch (name) {
    case 'cline':
      return {
        title: 'Cline',
        serversKey: 'mcpServers',
        namesTransport: false,
        // Left out, Cline gives a server 3 seconds to start, and then goes on without its tools and without a word.
        timeoutSeconds: 60,
        places: clinePlaces(installation),
      };
    case 'claude-desktop':
      return {
        title: 'Claude Desktop',
        serversKey: 'mcpServers',
        namesTransport: false,
        places: [placeIn(join(appData, 'Claude'), 'claude_desktop_config.json')],
      };
    case 'claude-code':
      return {
        title: 'Claude Code',
        serversKey: 'mcpServers',
        namesTransport: true,
        places: [placeIn(env.CLAUDE_CONFIG_DIR || homeDir, '.claude.json')],
      };
    case 'cursor':
      return {
        title: 'Cursor',
        serversKey: 'mcpServers',
        namesTransport: false,
        places: [placeIn(join(homeDir, '.cursor'), 'mcp.json')],
      };
    case 'vscode':
      return {
        title: 'VS Code',
        serversKey: 'servers',
        namesTransport: true,
        places: [placeIn(join(appData, 'Code', 'User'), 'mcp.json')],
      };
  }
}

/**
 * Cline's command line, and its newer editor extensions, share one file; older extensions for VS Code keep their own.
 */
function clinePlaces(installation: Installation): Client['places'] {
  const { homeDir, env } = installation;
  if (env.CLINE_MCP_SETTINGS_PATH)
    return [{ file: env.CLINE_MCP_SETTINGS_PATH, folder: join(env.CLINE_MCP_SETTINGS_PATH, '..') }];
  const dataFolder = env.CLINE_DATA_DIR || join(env.CLINE_DIR || join(homeDir, '.cline'), 'data');
  const extension = join(
    applicationData(installation),
    'Code',
    'User',
    'globalStorage',
    'saoudrizwan.claude-dev',
  );
  const file = join('settings', 'cline_mcp_settings.json');
  return [placeIn(dataFolder, file), placeIn(extension, file)];
}

function placeIn(folder: string, file: string): SettingsPlace {
  return { folder, file: join(folder, file) };
}

/** Where desktop programs keep the settings of a user. */
function applicationData({ platform, homeDir, env }: Installation): string {
  switch (platform) {
    case 'darwin':
      return join(homeDir, 'Library', 'Application Support');
    case 'win32':
      return env.APPDATA || join(homeDir, 'AppData', 'Roaming');
    default:
      return env.XDG_CONFIG_HOME || join(homeDir, '.config');
  }
}
