import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import envPaths from 'env-paths';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { secretsOf } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { Variables } from '../../../src/config/sources.ts';
import { Fault } from '../../../src/domain/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';
import { TOOLSETS } from '../../../src/domain/toolset.ts';
import { DEFAULT_SCRIPT_LIMITS } from '../../../src/sandbox/runner.ts';

let cwd: string;
let packageRoot: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'config-cwd-'));
  packageRoot = await mkdtemp(join(tmpdir(), 'config-package-'));
});

afterEach(async () => {
  await Promise.all([cwd, packageRoot].map((folder) => rm(folder, { recursive: true })));
});

interface Given {
  readonly flags?: Variables;
  readonly env?: Variables;
  readonly dotEnv?: string;
}

async function load({ flags = {}, env = {}, dotEnv }: Given = {}): Promise<Config> {
  if (dotEnv !== undefined) await writeFile(join(cwd, '.env'), dotEnv);
  return loadConfig({ flags, env, cwd, packageRoot });
}

/** The problems that the configuration has, as `VARIABLE: message`. */
async function problemsOf(given: Given): Promise<readonly string[]> {
  const fault = await load(given).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof Fault)) throw new Error('The configuration was accepted.');
  expect(fault.code).toBe('CONFIG_INVALID');
  const problems = fault.details?.problems as unknown as { variable: string; message: string }[];
  return problems.map(({ variable, message }) => `${variable}: ${message}`);
}

describe('with nothing set', () => {
  test('the client decides, the bundled workflows are served, the runs live with the user', async () => {
    expect(await load()).toEqual({
      definitionDirs: [join(packageRoot, 'workflows')],
      databasePath: join(envPaths('orchestrator-mcp', { suffix: '' }).data, 'workflows.sqlite'),
      ai: { provider: 'client', requestTimeoutMs: 30_000 },
      tasks: {
        verifyTimeoutMs: 300_000,
        failuresInRowMax: 5,
        breakerCooldownMs: 60_000,
        runIterationsMax: 1_000,
        runMsMax: 3_600_000,
        leaseMs: 60_000,
      },
      servers: { allowUnlisted: false },
      scripts: { wallMs: 60_000, cpuMs: 5_000, memoryBytes: 64 * 1024 * 1024, callsMax: 1_000 },
      logLevel: 'info',
      toolsets: ['workflows'],
      limits: DEFAULT_LIMITS,
    });
  });

  test('folders of the working directory are preferred', async () => {
    await mkdir(join(cwd, 'workflows'));
    await mkdir(join(cwd, 'data'));
    const config = await load();
    expect(config.definitionDirs).toEqual([join(cwd, 'workflows')]);
    expect(config.databasePath).toBe(join(cwd, 'data', 'workflows.sqlite'));
  });

  test('the result is frozen to the bottom', async () => {
    const config = await load();
    for (const part of [
      config,
      config.ai,
      config.tasks,
      config.limits,
      config.toolsets,
      config.definitionDirs,
    ])
      expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('precedence', () => {
  test('a flag beats the environment, which beats .env, which beats the default', async () => {
    const dotEnv = 'LOG_LEVEL=error\n';
    const env = { LOG_LEVEL: 'warn' };
    expect((await load({ dotEnv, env, flags: { LOG_LEVEL: 'debug' } })).logLevel).toBe('debug');
    expect((await load({ dotEnv, env })).logLevel).toBe('warn');
    expect((await load({ dotEnv })).logLevel).toBe('error');
    expect((await load({ dotEnv: '' })).logLevel).toBe('info');
  });

  test('blank text counts as unset at every level', async () => {
    const config = await load({
      flags: { LOG_LEVEL: '' },
      env: { LOG_LEVEL: '  ' },
      dotEnv: 'LOG_LEVEL=warn',
    });
    expect(config.logLevel).toBe('warn');
    expect((await load({ dotEnv: 'LOG_LEVEL=' })).logLevel).toBe('info');
  });

  test('.env is read without touching the environment of the process', async () => {
    await load({ dotEnv: 'LOG_LEVEL=warn\nORCHESTRATOR_CANARY=1' });
    expect(process.env.ORCHESTRATOR_CANARY).toBeUndefined();
  });

  test('a folder named .env is not a configuration', async () => {
    await mkdir(join(cwd, '.env'));
    expect((await load()).logLevel).toBe('info');
  });
});

describe('places', () => {
  test('several definition folders, the earlier first, each once', async () => {
    await mkdir(join(cwd, 'mine'));
    const given = ['mine', packageRoot, '', './mine'].join(delimiter);
    const config = await load({ env: { WORKFLOW_DEFINITIONS_DIR: given } });
    expect(config.definitionDirs).toEqual([join(cwd, 'mine'), packageRoot]);
  });

  test('a definition folder that is missing or a file is a problem that names it', async () => {
    await writeFile(join(cwd, 'file'), '');
    const given = ['gone', 'file'].join(delimiter);
    expect(await problemsOf({ env: { WORKFLOW_DEFINITIONS_DIR: given } })).toEqual([
      `WORKFLOW_DEFINITIONS_DIR: ${join(cwd, 'gone')} does not exist. Create the folder, or name another one.`,
      `WORKFLOW_DEFINITIONS_DIR: ${join(cwd, 'file')} is not a folder. Create the folder, or name another one.`,
    ]);
  });

  test('only separators name no folder', async () => {
    expect(await problemsOf({ env: { WORKFLOW_DEFINITIONS_DIR: delimiter } })).toEqual([
      'WORKFLOW_DEFINITIONS_DIR: It names no folder. Name one, or unset it.',
    ]);
  });

  test('the database may be relative, absolute or below the home folder', async () => {
    const path = async (given: string) => (await load({ env: { WORKFLOW_DB_PATH: given } })).databasePath;
    expect(await path('runs/own.sqlite')).toBe(join(cwd, 'runs', 'own.sqlite'));
    expect(await path(join(packageRoot, 'own.sqlite'))).toBe(join(packageRoot, 'own.sqlite'));
    expect(await path('~/own.sqlite')).toBe(join(homedir(), 'own.sqlite'));
  });

  test('a folder is no database', async () => {
    expect(await problemsOf({ env: { WORKFLOW_DB_PATH: '.' } })).toEqual([
      `WORKFLOW_DB_PATH: ${cwd} is a folder. Name the file in it.`,
    ]);
  });
});

describe('who decides', () => {
  const provider = async (given: Given) => (await load(given)).ai.provider;

  test('a key means Gemini, under either name', async () => {
    for (const name of ['AI_SERVICE_API_KEY', 'GEMINI_API_KEY']) {
      expect((await load({ env: { [name]: 'a-long-key' } })).ai).toMatchObject({
        provider: 'gemini',
        apiKey: 'a-long-key',
        modelName: 'gemini-flash-latest',
      });
    }
  });

  test('AI_SERVICE_API_KEY wins over GEMINI_API_KEY', async () => {
    const { ai } = await load({ env: { AI_SERVICE_API_KEY: 'first-key', GEMINI_API_KEY: 'second-key' } });
    expect(ai).toMatchObject({ apiKey: 'first-key' });
  });

  test('a key for Gemini is not handed to another provider', async () => {
    const env = {
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'm',
      AI_SERVICE_ENDPOINT: 'http://localhost:1/v1',
    };
    const { ai } = await load({ env: { ...env, GEMINI_API_KEY: 'a-long-key' } });
    expect(ai).toMatchObject({ provider: 'openai', modelName: 'm', endpoint: 'http://localhost:1/v1' });
    expect(ai).not.toHaveProperty('apiKey', 'a-long-key');
  });

  test('a provider whose key is missing is a problem, unless an endpoint or a recording stands in', async () => {
    expect(await problemsOf({ env: { AI_PROVIDER: 'gemini' } })).toEqual([
      expect.stringMatching(/^AI_SERVICE_API_KEY: AI_PROVIDER=gemini needs a key\. /),
    ]);
    await writeFile(join(cwd, 'decisions'), '');
    expect(
      await provider({ env: { AI_PROVIDER: 'gemini', AI_SERVICE_ENDPOINT: 'http://localhost:1' } }),
    ).toBe('gemini');
    expect(await provider({ env: { AI_PROVIDER: 'gemini', AI_REPLAY: 'decisions' } })).toBe('gemini');
  });

  test('openai needs the name of a model', async () => {
    expect(await problemsOf({ env: { AI_PROVIDER: 'openai', AI_SERVICE_API_KEY: 'a-long-key' } })).toEqual([
      expect.stringMatching(/^OPENAI_MODEL_NAME: /),
    ]);
  });

  test.each(['true', '1', 'yes', 'TRUE'])('USE_STUB_AI_CLIENT=%s is AI_PROVIDER=stub', async (text) => {
    const env = { USE_STUB_AI_CLIENT: text, AI_SERVICE_API_KEY: 'a-long-key' };
    expect(await provider({ env })).toBe('stub');
    expect(await provider({ env: { ...env, AI_PROVIDER: 'gemini' } })).toBe('stub');
  });

  test.each(['false', '0', 'no'])('USE_STUB_AI_CLIENT=%s is not', async (text) => {
    expect(await provider({ env: { USE_STUB_AI_CLIENT: text } })).toBe('client');
  });

  test('a provider of a stronger source beats the stub of a weaker one', async () => {
    const env = { USE_STUB_AI_CLIENT: 'true' };
    expect(await provider({ env, flags: { AI_PROVIDER: 'client' } })).toBe('client');
    expect(await provider({ env: { AI_PROVIDER: 'client' }, dotEnv: 'USE_STUB_AI_CLIENT=true' })).toBe(
      'client',
    );
  });

  test('sampling is known, and refused for now', async () => {
    expect(await problemsOf({ env: { AI_PROVIDER: 'sampling' } })).toEqual([
      'AI_PROVIDER: Deciding through MCP sampling is not in this release. Use gemini, openai, client or stub.',
    ]);
  });

  test('a recording needs someone to record', async () => {
    expect(await problemsOf({ env: { AI_RECORD: 'decisions' } })).toEqual([
      'AI_RECORD: It has no effect where the client decides. Set AI_PROVIDER, or unset it.',
    ]);
    await writeFile(join(cwd, 'decisions'), '');
    const env = { AI_PROVIDER: 'stub', AI_REPLAY: 'decisions', AI_RECORD: 'other', STUB_AI_SCRIPT: 'gone' };
    expect(await problemsOf({ env })).toEqual([
      'AI_RECORD: Recording and replaying exclude each other. Unset AI_RECORD or AI_REPLAY.',
      `STUB_AI_SCRIPT: ${join(cwd, 'gone')} does not exist. Name an existing file, or unset it.`,
    ]);
  });

  test('a .env file cannot send the key of the environment elsewhere', async () => {
    const dotEnv = 'AI_SERVICE_ENDPOINT=https://elsewhere.example\n';
    expect(await problemsOf({ env: { AI_SERVICE_API_KEY: 'a-long-key' }, dotEnv })).toEqual([
      expect.stringMatching(/^AI_SERVICE_ENDPOINT: A \.env file cannot redirect the AI_SERVICE_API_KEY/),
    ]);
    expect(await provider({ dotEnv: `${dotEnv}GEMINI_API_KEY=a-long-key` })).toBe('gemini');
  });
});

describe('the work on tasks', () => {
  const tasks = async (env: Variables) => (await load({ env })).tasks;

  test('numbers of seconds become milliseconds', async () => {
    const env = {
      TASK_VERIFY_TIMEOUT_SECONDS: '7',
      TASK_FAILURES_IN_ROW_MAX: '2',
      TASK_BREAKER_COOLDOWN_SECONDS: '3',
      TASK_RUN_ITERATIONS_MAX: '4',
      TASK_RUN_SECONDS_MAX: '5',
      TASK_LEASE_SECONDS: '6',
    };
    expect(await tasks(env)).toEqual({
      verifyTimeoutMs: 7_000,
      failuresInRowMax: 2,
      breakerCooldownMs: 3_000,
      runIterationsMax: 4,
      runMsMax: 5_000,
      leaseMs: 6_000,
    });
  });

  test.each([
    ['npm  test -- --run', ['npm', 'test', '--', '--run']],
    ['[ "node", "verify results.mjs", "" ]', ['node', 'verify results.mjs', '']],
    ['$HOME/verify && true', ['$HOME/verify', '&&', 'true']],
  ])('TASK_VERIFY_COMMAND=%s', async (text, words) => {
    expect((await tasks({ TASK_VERIFY_COMMAND: text })).verifyCommand).toEqual(words);
  });

  test.each(['node "verify results.mjs"', "sh -c 'exit 0'", '[]', '["node", 1]', '[""]', '["node"'])(
    'TASK_VERIFY_COMMAND=%s is refused',
    async (text) => {
      expect(await problemsOf({ env: { TASK_VERIFY_COMMAND: text } })).toEqual([
        expect.stringMatching(/^TASK_VERIFY_COMMAND: This is neither words between spaces nor a JSON array/),
      ]);
    },
  );

  test('a .env file cannot name a program that is run, but may say how long it may take', async () => {
    const dotEnv = 'TASK_VERIFY_COMMAND=./verify\nTASK_VERIFY_TIMEOUT_SECONDS=1\n';
    expect(await problemsOf({ dotEnv })).toEqual([
      'TASK_VERIFY_COMMAND: A .env file cannot name a program that is run. Set it in the environment, or remove it.',
    ]);
    expect((await load({ dotEnv, env: { TASK_VERIFY_COMMAND: 'mine' } })).tasks).toMatchObject({
      verifyCommand: ['mine'],
      verifyTimeoutMs: 1_000,
    });
  });

  test('what is out of range is reported all at once', async () => {
    const env = {
      TASK_VERIFY_TIMEOUT_SECONDS: '0',
      TASK_FAILURES_IN_ROW_MAX: 'none',
      TASK_BREAKER_COOLDOWN_SECONDS: '-1',
      TASK_RUN_ITERATIONS_MAX: '1000001',
      TASK_RUN_SECONDS_MAX: '1.5',
      TASK_LEASE_SECONDS: '86401',
    };
    expect(await problemsOf({ env })).toEqual([
      'TASK_VERIFY_TIMEOUT_SECONDS: "0" is not a number of seconds. Use a whole number from 1 to 86400.',
      'TASK_FAILURES_IN_ROW_MAX: "none" is not a number of failures. Use a whole number from 1 to 1000.',
      'TASK_BREAKER_COOLDOWN_SECONDS: "-1" is not a number of seconds. Use a whole number from 1 to 86400.',
      'TASK_RUN_ITERATIONS_MAX: "1000001" is not a number of attempts. Use a whole number from 1 to 1000000.',
      'TASK_RUN_SECONDS_MAX: "1.5" is not a number of seconds. Use a whole number from 1 to 604800.',
      'TASK_LEASE_SECONDS: "86401" is not a number of seconds. Use a whole number from 1 to 86400.',
    ]);
  });
});

describe('values', () => {
  test.each(['0', '600001', '1.5', '-1', '1e3', 'soon'])(
    'AI_REQUEST_TIMEOUT_MS=%s is refused',
    async (text) => {
      expect(await problemsOf({ env: { AI_REQUEST_TIMEOUT_MS: text } })).toEqual([
        `AI_REQUEST_TIMEOUT_MS: "${text}" is not a number of milliseconds. Use a whole number from 1 to 600000.`,
      ]);
    },
  );

  test.each(['1', '600000'])('AI_REQUEST_TIMEOUT_MS=%s is fine', async (text) => {
    expect((await load({ env: { AI_REQUEST_TIMEOUT_MS: text } })).ai.requestTimeoutMs).toBe(Number(text));
  });

  test.each([
    ['workflows,', ['workflows']],
    [' Tasks , workflows', ['workflows', 'tasks']],
    ['all', TOOLSETS],
    ['Workflows,all', TOOLSETS],
  ])('ORCHESTRATOR_TOOLSETS=%s', async (text, toolsets) => {
    expect((await load({ env: { ORCHESTRATOR_TOOLSETS: text } })).toolsets).toEqual(toolsets);
  });

  test('unknown toolsets are listed with the known ones', async () => {
    expect(await problemsOf({ env: { ORCHESTRATOR_TOOLSETS: 'workflows,agnet,x' } })).toEqual([
      'ORCHESTRATOR_TOOLSETS: "agnet", "x" is not a toolset. Use workflows, agent, tasks, servers, composition or all.',
    ]);
  });

  test('PostgreSQL is refused without repeating its password', async () => {
    const problems = await problemsOf({ env: { WORKFLOW_DB_URL: 'postgres://me:hunter22@db/x' } });
    expect(problems).toEqual([
      expect.stringMatching(/^WORKFLOW_DB_URL: PostgreSQL is not in this release\. /),
    ]);
    expect(problems.join()).not.toContain('hunter22');
  });

  test('an endpoint is an http URL, and a wrong one is not repeated', async () => {
    const problems = await problemsOf({ env: { AI_SERVICE_ENDPOINT: 'ftp://me:hunter22@host' } });
    expect(problems).toEqual([
      expect.stringMatching(/^AI_SERVICE_ENDPOINT: This is not an http or https URL\. /),
    ]);
    expect(problems.join()).not.toContain('hunter22');
  });
});

test('all problems are reported at once, each with its variable and where that was set', async () => {
  const fault = await load({
    flags: { LOG_LEVEL: 'loud' },
    env: { AI_REQUEST_TIMEOUT_MS: 'x', WORKFLOW_DB_PATH: '.', AI_PROVIDER: 'openai' },
    dotEnv: 'USE_STUB_AI_CLIENT=perhaps\n',
  }).catch((error: unknown) => error);
  expect((fault as Fault).message.split('\n')).toEqual([
    'The configuration has 6 problems.',
    '  USE_STUB_AI_CLIENT (in .env): "perhaps" is neither yes nor no. Use true or false.',
    '  AI_REQUEST_TIMEOUT_MS: "x" is not a number of milliseconds. Use a whole number from 1 to 600000.',
    '  LOG_LEVEL (--log-level): "loud" is not a log level. Use debug, info, warn, error or silent.',
    `  WORKFLOW_DB_PATH: ${cwd} is a folder. Name the file in it.`,
    '  OPENAI_MODEL_NAME: AI_PROVIDER=openai needs the name of a model. Give it as the endpoint calls it.',
    expect.stringMatching(/^ {2}AI_SERVICE_API_KEY: AI_PROVIDER=openai needs a key\. /),
  ]);
});

test('secrets are the key and the password in the endpoint, but no placeholders', async () => {
  const env = { AI_PROVIDER: 'gemini', AI_SERVICE_ENDPOINT: 'https://me:hunter22@host/v1' };
  expect(secretsOf(await load({ env: { ...env, AI_SERVICE_API_KEY: 'a-long-key' } }))).toEqual([
    'a-long-key',
    'hunter22',
  ]);
  expect(secretsOf(await load({ env: { ...env, AI_SERVICE_API_KEY: 'none' } }))).toEqual(['hunter22']);
  expect(secretsOf(await load())).toEqual([]);
});

describe('downstream servers', () => {
  const servers = async (given: Given = {}) => (await load(given)).servers;

  test('the list of the working directory counts only beside a toolset that starts servers', async () => {
    const ownFile = join(cwd, 'mcp_servers_config.json');
    await writeFile(ownFile, '{}');
    await writeFile(join(cwd, 'other.json'), '{}');
    const unused = { unusedFile: ownFile, allowUnlisted: false };
    expect(await servers()).toEqual(unused);
    expect(await servers({ env: { ORCHESTRATOR_TOOLSETS: 'workflows,tasks,agent' } })).toEqual(unused);
    for (const toolsets of ['servers', 'workflows,composition', 'all'])
      expect(await servers({ env: { ORCHESTRATOR_TOOLSETS: toolsets } })).toEqual({
        file: ownFile,
        allowUnlisted: false,
      });
    expect(await servers({ env: { MCP_SERVERS_CONFIG: 'other.json' } })).toEqual({
      file: join(cwd, 'other.json'),
      allowUnlisted: false,
    });
  });

  test('a file that is named has to be there', async () => {
    expect(await problemsOf({ env: { MCP_SERVERS_CONFIG: 'none.json' } })).toEqual([
      expect.stringContaining(`MCP_SERVERS_CONFIG: ${join(cwd, 'none.json')} does not exist.`),
    ]);
  });

  test('every command is allowed by the environment or a flag, and not by a .env file', async () => {
    const dotEnv = 'ORCHESTRATOR_ALLOW_UNLISTED_SERVERS=true\n';
    expect(await problemsOf({ dotEnv })).toEqual([
      'ORCHESTRATOR_ALLOW_UNLISTED_SERVERS: A .env file cannot allow every command. Set it in the environment, or remove it.',
    ]);
    const name = 'ORCHESTRATOR_ALLOW_UNLISTED_SERVERS';
    expect(await servers({ dotEnv, env: { [name]: 'false' } })).toEqual({ allowUnlisted: false });
    expect(await servers({ dotEnv, env: { [name]: 'yes' } })).toEqual({ allowUnlisted: true });
    expect(await servers({ dotEnv: `${name}=false\n` })).toEqual({ allowUnlisted: false });
    expect(await servers({ dotEnv: '', flags: { [name]: 'true' } })).toEqual({ allowUnlisted: true });
  });

  test('which servers there are is not for a .env file to say', async () => {
    await writeFile(join(cwd, 'other.json'), '{}');
    const dotEnv = 'MCP_SERVERS_CONFIG=other.json\n';
    expect(await problemsOf({ dotEnv })).toEqual([
      'MCP_SERVERS_CONFIG: A .env file cannot say which servers there are. Set it in the environment, or remove it.',
    ]);
    expect(await servers({ dotEnv, env: { MCP_SERVERS_CONFIG: './other.json' } })).toMatchObject({
      file: join(cwd, 'other.json'),
    });
  });

  test.each([
    ['workflows,composition', 'composition'],
    ['servers', 'servers'],
    ['all', 'servers and composition'],
  ])('a .env file cannot switch on what starts them: %s', async (toolsets, named) => {
    const dotEnv = `ORCHESTRATOR_TOOLSETS=${toolsets}\n`;
    expect(await problemsOf({ dotEnv })).toEqual([
      `ORCHESTRATOR_TOOLSETS: A .env file cannot switch ${named} on, whose tools start programs. Set it in the environment, or remove it.`,
    ]);
    expect(await load({ dotEnv, env: { ORCHESTRATOR_TOOLSETS: toolsets } })).toBeDefined();
    expect((await load({ dotEnv: 'ORCHESTRATOR_TOOLSETS=agent,tasks\n' })).toolsets).toEqual([
      'agent',
      'tasks',
    ]);
  });
});

describe('scripts', () => {
  test('what they may use up is by default what it is where nobody says anything', async () => {
    const { scripts } = await load();
    expect(DEFAULT_SCRIPT_LIMITS).toMatchObject(scripts);
  });

  test('what they may use up is set in units that people think in', async () => {
    const env = {
      SCRIPT_TIMEOUT_SECONDS: '600',
      SCRIPT_CPU_SECONDS: '20',
      SCRIPT_MEMORY_MB: '128',
      SCRIPT_CALLS_MAX: '5000',
    };
    expect((await load({ env })).scripts).toEqual({
      wallMs: 600_000,
      cpuMs: 20_000,
      memoryBytes: 128 * 1024 * 1024,
      callsMax: 5_000,
    });
    expect(await problemsOf({ env: { SCRIPT_MEMORY_MB: '4096', SCRIPT_CALLS_MAX: '0' } })).toEqual([
      'SCRIPT_MEMORY_MB: "4096" is not a number of megabytes. Use a whole number from 8 to 1024.',
      'SCRIPT_CALLS_MAX: "0" is not a number of calls. Use a whole number from 1 to 1000000.',
    ]);
  });
});
