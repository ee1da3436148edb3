import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { childEnvironment, type Environment } from '../../../src/domain/child-environment.ts';
import type { Task } from '../../../src/domain/task.ts';
import { systemTimers, type Timers } from '../../../src/domain/timers.ts';
import { createCommandVerifier } from '../../../src/queue/command-verifier.ts';
import { createOutputTail } from '../../../src/queue/output-tail.ts';
import { faultOf } from '../../support/fault-of.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const TASK: Task = { id: 'task-001', ...sampleTask({ description: 'Büro 🗂', fencingToken: 7 }) };

interface Setup {
  readonly env?: Environment;
  readonly timers?: Timers;
  readonly signal?: AbortSignal;
  readonly result?: string;
}

/** Has the result judged by a script of Node. */
function judge(script: string, setup: Setup = {}) {
  const { env = { PATH: process.env.PATH }, timers = systemTimers, result = 'a result' } = setup;
  const verifier = createCommandVerifier({
    command: [process.execPath, '-e', script],
    env,
    timeoutMs: 30_000,
    timers,
  });
  return verifier.verify(TASK, result, { signal: setup.signal ?? new AbortController().signal });
}

describe('the exit code is the verdict', () => {
  test('0 accepts', async () => {
    expect(await judge('console.log("fine")')).toEqual({ accepted: true });
  });

  test('another one rejects, with what was written as feedback', async () => {
    expect(await judge('console.log("too long"); console.error("by far"); process.exitCode = 3')).toEqual({
      accepted: false,
      feedback: expect.stringMatching(/^(too long\nby far|by far\ntoo long)$/),
    });
  });

  test('a silent one is named', async () => {
    expect(await judge('process.exit(3)')).toEqual({ accepted: false, feedback: 'exit code 3' });
  });

  test('the feedback is the end of the output, however long that is', async () => {
    const verdict = await judge(
      'const line = "é".repeat(1024) + "\\n"; for (let n = 0; n < 2_000; n++) require("fs").writeSync(1, line); require("fs").writeSync(2, "the end"); process.exit(1)',
    );
    expect(verdict.accepted).toBe(false);
    if (verdict.accepted) return;
    expect(verdict.feedback.endsWith('the end')).toBe(true);
    expect(verdict.feedback).not.toContain('\ufffd');
    expect(Buffer.byteLength(verdict.feedback)).toBeLessThanOrEqual(4_096);
    expect(Buffer.byteLength(verdict.feedback)).toBeGreaterThan(4_000);
  });
});

describe('what the command gets', () => {
  test('task and result as JSON on its standard input, and no token', async () => {
    const file = join(temporaryFolder(), 'input.json');
    await judge(`process.stdin.pipe(require('fs').createWriteStream(${JSON.stringify(file)}))`);
    const input: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(input).toMatchObject({ task: { id: 'task-001', description: 'Büro 🗂' }, result: 'a result' });
    expect(JSON.stringify(input)).not.toContain('fencing');
  });

  test('need not read a large result', async () => {
    expect(await judge('process.exit(0)', { result: 'x'.repeat(250_000) })).toEqual({ accepted: true });
  });

  test('no variables but the harmless ones, whatever this process has', async () => {
    const env = {
      PATH: process.env.PATH,
      HOME: '/home/me',
      LC_ALL: 'C',
      GEMINI_API_KEY: 'secret',
      AI_SERVICE_API_KEY: 'secret',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: 'x.so',
    };
    const verdict = await judge('console.log(Object.keys(process.env).sort().join()); process.exit(1)', {
      env,
    });
    expect(verdict).toEqual({ accepted: false, feedback: 'HOME,LC_ALL,PATH' });
    expect(childEnvironment({ Path: 'x', SystemRoot: 'y', MY_PATH: 'z', LC_TOKEN: 'l' })).toEqual({
      Path: 'x',
      SystemRoot: 'y',
      LC_TOKEN: 'l',
    });
  });

  test('its arguments as they are: no shell', async () => {
    const verifier = createCommandVerifier({
      command: [
        process.execPath,
        '-e',
        'console.log(process.argv[1]); process.exit(1)',
        '$HOME; echo `id` "*"',
      ],
      env: {},
      timeoutMs: 30_000,
      timers: systemTimers,
    });
    const { signal } = new AbortController();
    expect(await verifier.verify(TASK, null, { signal })).toEqual({
      accepted: false,
      feedback: '$HOME; echo `id` "*"',
    });
  });
});

describe('no verdict', () => {
  test('of a command that cannot be started', async () => {
    for (const program of [join(temporaryFolder(), 'missing'), temporaryFolder(), 'a\0b']) {
      const verifier = createCommandVerifier({
        command: [program],
        env: {},
        timeoutMs: 1_000,
        timers: systemTimers,
      });
      const { signal } = new AbortController();
      const fault = await faultOf(verifier.verify(TASK, null, { signal }));
      expect(fault).toMatchObject({ code: 'VERIFIER_UNAVAILABLE', retryable: true });
      expect(fault.message).toContain('could not be started');
    }
  });

  test('of a command that is killed', async () => {
    const fault = await faultOf(judge('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1e6)'));
    expect(fault.code).toBe('VERIFIER_FAILED');
    expect(fault.message).toContain('SIGTERM');
  });

  test('when it is cancelled before it begins', async () => {
    expect((await faultOf(judge('process.exit(0)', { signal: AbortSignal.abort() }))).code).toBe('CANCELLED');
  });
});

/** Starts a child that stays, writes both process ids to a file, and stays itself. */
const withGrandchild = (file: string, after = 'setInterval(() => {}, 1e6)') => `
  const { spawn } = require('child_process');
  const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
  require('fs').writeFileSync(${JSON.stringify(`${file}.tmp`)}, process.pid + ' ' + grandchild.pid);
  require('fs').renameSync(${JSON.stringify(`${file}.tmp`)}, ${JSON.stringify(file)});
  ${after}
`;

async function pidsIn(file: string): Promise<readonly number[]> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
  return readFileSync(file, 'utf8').split(' ').map(Number);
}

/** Waits for the system to take note of their end: one that was orphaned is somebody else's to bury. */
async function untilGone(pids: readonly number[]): Promise<void> {
  const isThere = (pid: number) =>
    !/^(Z.*)?$/.test(
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
        .stdout.toString()
        .trim(),
    );
  while (pids.some(isThere)) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('nothing is left running', () => {
  test('after a time-out', async () => {
    const file = join(temporaryFolder(), 'pids');
    const time = createVirtualTime();
    const verdict = faultOf(judge(withGrandchild(file), { timers: time.timers }));
    const pids = await pidsIn(file);
    expect(pids).toHaveLength(2);
    time.elapse(30_000);
    expect(await verdict).toMatchObject({
      code: 'VERIFIER_FAILED',
      message: expect.stringContaining('took longer than 30000 ms'),
    });
    await untilGone(pids);
    expect(time.untilNextTimer()).toBeUndefined();
  });

  test('after an abort', async () => {
    const file = join(temporaryFolder(), 'pids');
    const cancel = new AbortController();
    const verdict = faultOf(judge(withGrandchild(file), { signal: cancel.signal }));
    const pids = await pidsIn(file);
    cancel.abort();
    expect((await verdict).code).toBe('CANCELLED');
    await untilGone(pids);
  });

  test('after a verdict', async () => {
    const file = join(temporaryFolder(), 'pids');
    expect(await judge(withGrandchild(file, 'process.exit(0)'))).toEqual({ accepted: true });
    await untilGone(await pidsIn(file));
  });

  test.each([
    [0, { accepted: true }],
    [3, { accepted: false, feedback: 'exit code 3' }],
  ])('or keeps anyone waiting, if it got away: exit code %s is the verdict', async (code, expected) => {
    const file = join(temporaryFolder(), 'pids');
    const time = createVirtualTime();
    const script = withGrandchild(file, `process.exit(${code})`).replace(
      "stdio: 'inherit'",
      "stdio: 'inherit', detached: true",
    );
    const verdict = judge(script, { timers: time.timers });
    const [, daemon = Number.NaN] = await pidsIn(file);
    try {
      // The time-out is over with the command; what is left is a moment for the rest of its output.
      while (time.untilNextTimer() === 30_000) await new Promise((resolve) => setTimeout(resolve, 5));
      time.elapse(1_000);
      expect(await verdict).toEqual(expected);
    } finally {
      process.kill(daemon, 'SIGKILL');
    }
  });
});

test('the end of an output is kept without half a character, in whatever pieces it comes', () => {
  const bytes = Buffer.from('äöü€🗂 end');
  for (let max = 1; max <= bytes.length + 1; max++) {
    for (const size of [1, 3, 100]) {
      const tail = createOutputTail(max);
      for (let at = 0; at < bytes.length; at += size) tail.add(bytes.subarray(at, at + size));
      const text = tail.text();
      expect('äöü€🗂 end'.endsWith(text)).toBe(true);
      expect(Buffer.byteLength(text)).toBeGreaterThan(max > 4 ? 0 : -1);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(max);
    }
  }
});
