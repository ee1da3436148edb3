import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLIENT_NAMES, type ClientName, describeClient } from '../../../src/cli/clients.ts';
import { runCommand, TEST_CONFIG, TEST_INSTALLATION } from './command-line.ts';

const { nodePath, mainFile } = TEST_INSTALLATION;
let homeDir: string;

beforeEach(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'clients-home-'));
});

afterEach(() => rm(homeDir, { recursive: true }));

const configure = (...argv: readonly string[]) =>
  runCommand(['config', ...argv], { installation: { homeDir, env: { AI_SERVICE_API_KEY: 'canary-key' } } });

describe('printing', () => {
  test.each([
    ['cline', { timeout: 60 }],
    ['claude-desktop', {}],
    ['cursor', {}],
  ])('%s gets absolute paths and no key', async (client, extra) => {
    const { stdout, exitCode } = await configure(client, '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      mcpServers: { orchestrator: { command: nodePath, args: [mainFile], ...extra } },
    });
  });

  test('VS Code has its own form', async () => {
    const { stdout } = await configure('vscode', '--json', '--name', 'flows');
    expect(JSON.parse(stdout)).toEqual({
      servers: { flows: { type: 'stdio', command: nodePath, args: [mainFile] } },
    });
  });

  test('Claude Code gets a command to paste into a shell', async () => {
    const { stdout } = await configure('claude-code', '--env', "MOTTO=it's");
    const entry = { type: 'stdio', command: nodePath, args: [mainFile], env: { MOTTO: "it's" } };
    const quoted = JSON.stringify(entry).replace("it's", "it'\\''s");
    expect(stdout).toContain(`claude mcp add-json --scope user orchestrator '${quoted}'\n`);
    expect(stdout).toContain(join(homeDir, '.claude.json'));
    const json = await configure('claude-code', '--json', '--env', "MOTTO=it's");
    expect(JSON.parse(json.stdout)).toEqual({ mcpServers: { orchestrator: entry } });
  });

  test('variables and flags become variables of the entry, paths absolute', async () => {
    const { stdout } = await configure(
      ...['cline', '--json', '--env', 'A=1=2', '--env', 'B='],
      ...['--definitions-dir', 'flows', '--log-level', 'warn'],
    );
    expect(JSON.parse(stdout).mcpServers.orchestrator.env).toEqual({
      WORKFLOW_DEFINITIONS_DIR: TEST_CONFIG.definitionDirs[0],
      LOG_LEVEL: 'warn',
      A: '1=2',
      B: '',
    });
  });

  test('the list of servers is named by its absolute path', async () => {
    const servers = { file: '/home/me/servers.json', allowUnlisted: false };
    const { stdout } = await runCommand(
      ['config', 'cline', '--json', '--mcp-servers-config', 'servers.json'],
      {
        installation: { homeDir },
        deps: { loadConfig: async () => ({ ...TEST_CONFIG, servers }) },
      },
    );
    expect(JSON.parse(stdout).mcpServers.orchestrator.env).toEqual({ MCP_SERVERS_CONFIG: servers.file });
  });

  test.each([
    ['an unknown client', ['emacs'], 'Allowed choices are cline,'],
    ['a variable without value', ['cline', '--env', 'KEY'], 'KEY=VALUE'],
    ['a name that clients refuse', ['cline', '--name', 'my server'], 'letters, digits'],
  ])('%s is a usage error', async (_name, argv, message) => {
    const { exitCode, stderr } = await configure(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('--write', () => {
  const read = async (...path: string[]) => JSON.parse(await readFile(join(homeDir, ...path), 'utf8'));
  const entry = { command: nodePath, args: [mainFile] };
  const CLINE = ['.cline', 'data', 'settings', 'cline_mcp_settings.json'];
  const EXTENSION = ['.config', 'Code', 'User', 'globalStorage', 'saoudrizwan.claude-dev'];

  test('makes the settings of a client that has none yet', async () => {
    const { stdout, exitCode } = await configure('cursor', '--write');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`"orchestrator" was added to ${join(homeDir, '.cursor', 'mcp.json')}`);
    expect(await read('.cursor', 'mcp.json')).toEqual({ mcpServers: { orchestrator: entry } });
  });

  test('Cline: the shared settings, where no form of it is in use', async () => {
    await configure('cline', '--write');
    expect(await read(...CLINE)).toEqual({ mcpServers: { orchestrator: { ...entry, timeout: 60 } } });
  });

  test('Cline: the settings of an older extension, where only that is in use', async () => {
    await mkdir(join(homeDir, ...EXTENSION), { recursive: true });
    await configure('cline', '--write');
    expect(await read(...EXTENSION, 'settings', 'cline_mcp_settings.json')).toEqual({
      mcpServers: { orchestrator: { ...entry, timeout: 60 } },
    });
    await expect(read(...CLINE)).rejects.toThrow('ENOENT');
  });

  test('Cline: both, where both are in use', async () => {
    await mkdir(join(homeDir, ...EXTENSION), { recursive: true });
    await mkdir(join(homeDir, '.cline', 'data'), { recursive: true });
    const { stdout } = await configure('cline', '--write', '--json');
    const { files } = JSON.parse(stdout);
    expect(files.map(({ change }: { change: string }) => change)).toEqual(['added', 'added']);
    await read(...CLINE);
    await read(...EXTENSION, 'settings', 'cline_mcp_settings.json');
  });

  test('Cline: a time-out that the user chose stays', async () => {
    const file = join(homeDir, 'mine.json');
    await writeFile(file, JSON.stringify({ mcpServers: { orchestrator: { ...entry, timeout: 600 } } }));
    await configure('cline', '--write', '--file', file);
    expect(await read('mine.json')).toEqual({ mcpServers: { orchestrator: { ...entry, timeout: 600 } } });
  });

  test('--file names another place', async () => {
    await configure('vscode', '--write', '--file', join(homeDir, 'project', 'mcp.json'));
    expect(await read('project', 'mcp.json')).toEqual({
      servers: { orchestrator: { type: 'stdio', ...entry } },
    });
  });

  test('refuses a broken file, which stays as it is', async () => {
    const file = join(homeDir, 'mcp.json');
    await writeFile(file, '{ // mine\n}');
    const { exitCode, stdout, stderr } = await configure('cursor', '--write', '--file', file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`${file} was left untouched: it is not plain JSON`);
    expect(await readFile(file, 'utf8')).toBe('{ // mine\n}');
  });
});

describe('where clients keep their settings', () => {
  const files = (name: ClientName, installation: Partial<typeof TEST_INSTALLATION>) =>
    describeClient(name, { ...TEST_INSTALLATION, ...installation }).places.map(({ file }) => file);
  const all = (installation: Partial<typeof TEST_INSTALLATION>) =>
    Object.fromEntries(CLIENT_NAMES.map((name) => [name, files(name, installation)]));
  const globalStorage = 'User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json';

  test('Linux', () => {
    expect(all({})).toEqual({
      cline: [
        '/home/me/.cline/data/settings/cline_mcp_settings.json',
        `/home/me/.config/Code/${globalStorage}`,
      ],
      'claude-desktop': ['/home/me/.config/Claude/claude_desktop_config.json'],
      'claude-code': ['/home/me/.claude.json'],
      cursor: ['/home/me/.cursor/mcp.json'],
      vscode: ['/home/me/.config/Code/User/mcp.json'],
    });
  });

  test('macOS', () => {
    const support = '/home/me/Library/Application Support';
    expect(all({ platform: 'darwin' })).toMatchObject({
      cline: ['/home/me/.cline/data/settings/cline_mcp_settings.json', `${support}/Code/${globalStorage}`],
      'claude-desktop': [`${support}/Claude/claude_desktop_config.json`],
      vscode: [`${support}/Code/User/mcp.json`],
    });
  });

  test('Windows', () => {
    expect(all({ platform: 'win32', env: { APPDATA: '/roaming' } })).toMatchObject({
      'claude-desktop': ['/roaming/Claude/claude_desktop_config.json'],
      vscode: ['/roaming/Code/User/mcp.json'],
    });
  });

  test('the variables that move them', () => {
    expect(files('vscode', { env: { XDG_CONFIG_HOME: '/xdg' } })).toEqual(['/xdg/Code/User/mcp.json']);
    expect(files('claude-code', { env: { CLAUDE_CONFIG_DIR: '/cc' } })).toEqual(['/cc/.claude.json']);
    expect(files('cline', { env: { CLINE_MCP_SETTINGS_PATH: '/x/mcp.json' } })).toEqual(['/x/mcp.json']);
    expect(files('cline', { env: { CLINE_DIR: '/c' } })[0]).toBe('/c/data/settings/cline_mcp_settings.json');
    expect(files('cline', { env: { CLINE_DATA_DIR: '/d' } })[0]).toBe('/d/settings/cline_mcp_settings.json');
  });
});
