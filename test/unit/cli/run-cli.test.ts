import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createTerminal } from '../../../src/cli/terminal.ts';
import { Fault } from '../../../src/domain/errors.ts';
import { runCommand, TEST_CONFIG } from './command-line.ts';

describe('serving', () => {
  test.each([[[]], [['serve']], [['--log-level', 'warn']], [['serve', '--stub']]])(
    '%j serves',
    async (argv) => {
      const { exitCode, events, stdout } = await runCommand(argv);
      expect({ exitCode, events, stdout }).toEqual({ exitCode: 0, events: ['load', 'serve'], stdout: '' });
    },
  );

  test.each([[['serve', '--http']], [['--http']]])(
    '%j says that HTTP is not in this release',
    async (argv) => {
      const { exitCode, events, stderr } = await runCommand(argv);
      expect({ exitCode, events }).toEqual({ exitCode: 2, events: [] });
      expect(stderr).toContain('HTTP is not in this release');
    },
  );
});

describe('flags', () => {
  test('say by variable name what the command line says, before or after the command', async () => {
    const { flags } = await runCommand(['--stub', '--db-path', 'a b.sqlite', 'serve', '--toolsets', 'all']);
    expect(flags).toEqual({
      USE_STUB_AI_CLIENT: 'true',
      WORKFLOW_DB_PATH: 'a b.sqlite',
      ORCHESTRATOR_TOOLSETS: 'all',
    });
  });

  test('there are none for secrets, which other users could read off the process', async () => {
    const { stdout } = await runCommand(['--help']);
    expect(stdout).toContain('--ai-provider');
    expect(stdout).not.toMatch(/api-key/i);
  });
});

describe('usage', () => {
  test.each([['--help'], ['-h']])('%s is answered on stdout', async (flag) => {
    const { exitCode, stdout, stderr } = await runCommand([flag]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const command of ['serve', 'list', 'status', 'history', 'lint', 'config'])
      expect(stdout).toContain(command);
  });

  test('--version prints the version', async () => {
    expect(await runCommand(['--version'])).toMatchObject({ exitCode: 0, stdout: '1.2.3\n' });
  });

  test('a misspelt command is answered with the one that was meant', async () => {
    const { exitCode, stdout, stderr, events } = await runCommand(['lits']);
    expect({ exitCode, stdout, events }).toEqual({ exitCode: 2, stdout: '', events: [] });
    expect(stderr).toContain("unknown command 'lits'");
    expect(stderr).toContain('Did you mean list?');
  });

  test.each([
    ['a misspelt flag', ['list', '--jsno'], 'Did you mean --json?'],
    ['a misspelt flag of serve', ['--tolsets', 'all'], 'Did you mean --toolsets?'],
    ['a missing argument', ['history'], "missing required argument 'id'"],
    ['an argument too many', ['list', 'x'], 'too many arguments'],
    ['a limit that is no number', ['status', '--limit', '0'], 'whole number from 1'],
    ['a status that does not exist', ['status', '--status', 'DONE'], 'Allowed choices are RUNNING'],
  ])('%s is a usage error', async (_name, argv, message) => {
    const { exitCode, stderr, events } = await runCommand(argv);
    expect({ exitCode, events }).toEqual({ exitCode: 2, events: [] });
    expect(stderr).toContain(message);
  });
});

describe('failures', () => {
  const failWith = (error: Error) => ({ engine: { listWorkflows: () => Promise.reject(error) } });

  test('are told in plain words with the hint, and what was opened is closed', async () => {
    const fault = new Fault('STORAGE_BUSY', 'The database is locked.', { hint: 'Try again.' });
    const { exitCode, stdout, stderr, events } = await runCommand(['list'], failWith(fault));
    expect({ exitCode, stdout, events }).toEqual({
      exitCode: 1,
      stdout: '',
      events: ['load', 'open', 'close'],
    });
    expect(stderr).toBe('Error: The database is locked.\nTry again.\n');
  });

  test('speak of commands where the fault speaks of tools', async () => {
    const fault = new Fault('INSTANCE_NOT_FOUND', 'There is no such run.', { hint: 'Call list_instances.' });
    const { stderr } = await runCommand(['list'], failWith(fault));
    expect(stderr).toBe('Error: There is no such run.\nRun "orchestrator-mcp status" to see the runs.\n');
  });

  test('unexpected ones show no stack, and say how to see it', async () => {
    const { exitCode, stderr } = await runCommand(['list'], failWith(new Error('Broken.')));
    expect(exitCode).toBe(1);
    expect(stderr).toBe('Error: Broken.\nAdd --log-level debug to see where it comes from.\n');
  });

  test('with LOG_LEVEL=debug the stack is shown', async () => {
    const loadConfig = async () => ({ ...TEST_CONFIG, logLevel: 'debug' as const });
    const { stderr } = await runCommand(['list'], {
      ...failWith(new Error('Broken.')),
      deps: { loadConfig },
    });
    expect(stderr).toMatch(/^Error: Broken\.\n.*\n\s+at /);
  });

  test('contain neither secrets nor control characters', async () => {
    const ai = { provider: 'gemini' as const, requestTimeoutMs: 1, modelName: 'm', apiKey: 'canary+key' };
    const loadConfig = async () => ({ ...TEST_CONFIG, ai });
    const error = new Error('GET /?key=canary%2Bkey canary+key \u001b[2J');
    const { stderr } = await runCommand(['list'], { ...failWith(error), deps: { loadConfig } });
    expect(stderr).toContain('GET /?key=[redacted] [redacted] \uFFFD[2J');
  });

  test('a wrong configuration is exit code 2', async () => {
    const loadConfig = () => Promise.reject(new Fault('CONFIG_INVALID', 'The configuration has a problem.'));
    for (const argv of [[], ['list']])
      expect(await runCommand(argv, { deps: { loadConfig } })).toMatchObject({
        exitCode: 2,
        stderr: 'Error: The configuration has a problem.\n',
      });
  });
});

test('a reader that leaves early is no failure', async () => {
  const gone = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  const terminal = createTerminal({ stdout: gone, stderr: gone });
  terminal.print('one');
  await new Promise((resolve) => gone.once('close', resolve));
  terminal.print('two');
  await new Promise((resolve) => setImmediate(resolve));
  expect(gone.destroyed).toBe(true);
});
