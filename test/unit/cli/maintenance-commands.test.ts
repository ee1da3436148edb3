import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BackupRequest, PruneRequest } from '../../../src/cli/services.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { ServersReport } from '../../../src/hub/inspect-servers.ts';
import type { DatabaseReport } from '../../../src/store/maintenance.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runCommand, TEST_CONFIG } from './command-line.ts';

const sound: DatabaseReport = {
  path: '/runs/workflows.sqlite',
  exists: true,
  bytes: 4_096,
  pendingMigrations: 0,
  instances: 2,
  entries: 7,
  definitions: 1,
  unsealedEntries: 0,
  problems: [],
  problemCount: 0,
};

describe('doctor', () => {
  const deps = {
    inspectDatabase: async () => sound,
    measureSyncSpeed: async () => ({ writes: 50, medianMs: 0.2, p99Ms: 1 }),
    lintPath: async () => ({ workflows: ['A'], diagnostics: [] }),
  };
  const doctor = (changes: Parameters<typeof runCommand>[1] = {}) =>
    runCommand(['doctor', '--json'], {
      installation: { homeDir: temporaryFolder() },
      ...changes,
      deps: { ...deps, ...changes.deps },
    });
  const statesOf = (stdout: string) =>
    JSON.parse(stdout).checks.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`);

  test('finds nothing wrong', async () => {
    const { exitCode, stdout } = await doctor();
    expect(exitCode).toBe(0);
    expect(statesOf(stdout)).toEqual([
      'settings ok',
      'database ok',
      'disk ok',
      'workflows ok',
      'tasks ok',
      'servers ok',
      'clients ok',
    ]);
  });

  test('counts the workflows that can be run', async () => {
    const lintPath = async () => ({ workflows: ['A', 'AGENT_STATES', 'B'], diagnostics: [] });
    const { stdout } = await doctor({ deps: { lintPath } });
    expect(stdout).toContain('2 workflows, 0 errors');
  });

  test('ends with 1 for a damaged database and says where', async () => {
    const damaged: DatabaseReport = {
      ...sound,
      problems: [{ check: 'history', instanceId: 'i-1', message: 'Entry 3 is not what was written.' }],
      problemCount: 1,
    };
    const { exitCode, stdout } = await doctor({ deps: { inspectDatabase: async () => damaged } });
    expect(exitCode).toBe(1);
    expect(statesOf(stdout)).toContain('database trouble');
    expect(stdout).toContain('i-1: Entry 3 is not what was written.');
  });

  test('tells of wrong settings, and still looks at what does not need them', async () => {
    const loadConfig = async () => {
      throw new Fault('CONFIG_INVALID', 'LOG_LEVEL: "loud" is none.');
    };
    const { exitCode, stdout } = await doctor({ deps: { loadConfig } });
    expect(exitCode).toBe(1);
    expect(statesOf(stdout)).toEqual(['settings trouble', 'clients ok']);
  });

  test('ends with 1 for broken workflows', async () => {
    const diagnostic = {
      ruleId: 'no-steps',
      severity: 'error',
      file: 'A/index.md',
      message: 'No step.',
    } as const;
    const { exitCode, stdout } = await doctor({
      deps: { lintPath: async () => ({ workflows: ['A'], diagnostics: [diagnostic] }) },
    });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('A/index.md: No step.');
  });

  test.each<[ServersReport, string, number, string]>([
    [
      { file: '/f', servers: [{ name: 'one', kind: 'process', disabled: false }], notes: [] },
      'ok',
      0,
      'one in /f.',
    ],
    [
      { file: '/f', servers: [{ name: 'one', kind: 'process', disabled: false, missing: 'npy' }], notes: [] },
      'trouble',
      1,
      'one: there is no program npy.',
    ],
    [
      {
        file: '/f',
        servers: [{ name: 'one', kind: 'process', disabled: false, missing: 'npx -y x' }],
        notes: [],
      },
      'trouble',
      1,
      'one: there is no program npx -y x; arguments belong into',
    ],
    [
      { file: '/f', servers: [{ name: 'one', kind: 'process', disabled: true, missing: 'npy' }], notes: [] },
      'ok',
      0,
      'one (disabled) in /f.',
    ],
    [{ file: '/f', servers: [], notes: ['autoApprove is not used here.'] }, 'notice', 0, 'lists none'],
    [{ file: '/f', problem: 'mcpServers.one: no.', servers: [], notes: [] }, 'trouble', 1, 'mcpServers.one'],
  ])('tells of the downstream servers: %j', async (report, state, code, words) => {
    const { exitCode, stdout } = await doctor({ deps: { inspectServers: async () => report } });
    expect(exitCode).toBe(code);
    expect(statesOf(stdout)).toContain(`servers ${state}`);
    expect(stdout).toContain(words);
  });

  test('tells of a list of servers that lies in the working directory and is not used', async () => {
    const servers = { unusedFile: '/here/mcp_servers_config.json', allowUnlisted: false };
    const loadConfig = async () => ({ ...TEST_CONFIG, servers });
    const { exitCode, stdout } = await doctor({ deps: { loadConfig } });
    expect(exitCode).toBe(0);
    expect(statesOf(stdout)).toContain('servers notice');
    expect(stdout).toContain('/here/mcp_servers_config.json is not used');
  });

  test('looks for the command that judges results', async () => {
    const withJudge = (program: string) =>
      doctor({
        deps: {
          loadConfig: async () => ({
            ...TEST_CONFIG,
            tasks: { ...TEST_CONFIG.tasks, verifyCommand: [program, 'x'] as const },
          }),
        },
      });
    const missing = await withJudge('/nowhere/judge');
    expect(missing.exitCode).toBe(1);
    expect(statesOf(missing.stdout)).toContain('tasks trouble');
    expect(missing.stdout).toContain(
      'TASK_VERIFY_COMMAND: /nowhere/judge cannot be started: there is no file',
    );
    const there = await withJudge(process.execPath);
    expect(statesOf(there.stdout)).toContain('tasks ok');
  });

  test('finds the clients that start this program, and those that start what is not there', async () => {
    const homeDir = temporaryFolder();
    mkdirSync(join(homeDir, '.cursor'));
    const mainFile = join(homeDir, 'main.mjs');
    const write = (args: readonly string[]) =>
      writeFileSync(
        join(homeDir, '.cursor', 'mcp.json'),
        JSON.stringify({
          mcpServers: { runs: { command: process.execPath, args }, other: { command: 'x' } },
        }),
      );
    write([mainFile]);
    const missing = await doctor({ installation: { homeDir, mainFile } });
    expect(missing.exitCode).toBe(1);
    expect(missing.stdout).toContain(`starts ${mainFile}, which does not exist.`);
    writeFileSync(mainFile, '');
    const there = await doctor({ installation: { homeDir, mainFile } });
    expect(there.exitCode).toBe(0);
    expect(JSON.parse(there.stdout).clients).toMatchObject([
      { client: 'cursor', servers: [{ name: 'runs' }] },
    ]);
  });
});

test('backup without a file names one beside the database', async () => {
  const requests: BackupRequest[] = [];
  const backupDatabase = async (request: BackupRequest) => {
    requests.push(request);
    return { file: request.file, bytes: 1, instances: 2, entries: 3 };
  };
  const { stdout } = await runCommand(['backup'], { deps: { backupDatabase } });
  await runCommand(['backup', '/there/copy', '--force'], { deps: { backupDatabase } });
  expect(stdout.startsWith(`${TEST_CONFIG.databasePath}.`)).toBe(true);
  expect(requests.map(({ file, force }) => [file, force])).toEqual([
    [stdout.trim(), false],
    ['/there/copy', true],
  ]);
});

test.each([
  ['30d', 30 * 86_400_000],
  ['12h', 12 * 3_600_000],
  ['90m', 90 * 60_000],
])('prune --older-than %s', async (age, ms) => {
  const requests: PruneRequest[] = [];
  const nothing = {
    instances: 0,
    entries: 0,
    scriptRuns: 0,
    definitions: 0,
    bytesBefore: 0,
    bytesAfter: 0,
    freeBytes: 0,
  };
  const pruneDatabase = async (request: PruneRequest) => {
    requests.push(request);
    return nothing;
  };
  const started = Date.now();
  const { exitCode } = await runCommand(['prune', '--older-than', age, '--dry-run'], {
    deps: { pruneDatabase },
  });
  expect(exitCode).toBe(0);
  expect(requests).toMatchObject([{ dryRun: true, compact: false }]);
  const before = Date.parse(requests[0]?.before ?? '');
  expect(before).toBeGreaterThanOrEqual(started - ms);
  expect(before).toBeLessThanOrEqual(Date.now() - ms);
});

test.each([[], ['--older-than', '30'], ['--older-than', '-1d'], ['--older-than', 'soon']])(
  'prune %s %s is wrong usage',
  async (...argv) => {
    expect((await runCommand(['prune', ...argv])).exitCode).toBe(2);
  },
);
