import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/domain/errors.ts';
import { systemTimers } from '../../../src/domain/timers.ts';
import type { ToolPolicy } from '../../../src/domain/tool-policy.ts';
import type { CallToolParams, Hub, ServerSpec } from '../../../src/hub/hub.ts';
import { createTaskTools } from '../../../src/queue/task-tools.ts';
import { faultOf } from '../../support/fault-of.ts';
import { openHub, whileTimePasses } from '../../support/hub-room.ts';
import { ledgerServer } from '../../support/ledger.ts';
import { moody } from '../../support/moody-servers.ts';
import { sampleTask } from '../../support/sample-tasks.ts';
import { FOREVER_MS } from '../../support/stub-script.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const TASK = { id: 'task-007', ...sampleTask({ attempts: 2 }) };

interface Setup {
  readonly servers?: Readonly<Record<string, ServerSpec>>;
  readonly policies?: Readonly<Record<string, ToolPolicy>>;
  readonly renewLease?: () => Promise<void>;
}

/** Real servers; patience lasts for ever, unless it is told to end. */
function setUp({ servers, policies = {}, renewLease = async () => {} }: Setup = {}) {
  const ledger = join(temporaryFolder(), 'ledger.jsonl');
  const { hub, time } = openHub({ servers: { ledger: ledgerServer(ledger), ...servers } });
  const said: string[] = [];
  const calls: CallToolParams[] = [];
  const seen: Pick<Hub, 'statuses' | 'listTools' | 'callTool'> = {
    ...hub,
    callTool(params) {
      calls.push(params);
      return hub.callTool(params);
    },
  };
  let endPatience = () => {};
  const patience = new Promise<void>((resolve) => {
    endPatience = resolve;
  });
  const waits: number[] = [];
  const tools = createTaskTools({
    hub: async () => seen,
    policyOf: (_server, tool) => policies[tool] ?? 'allow',
    timers: {
      ...time.timers,
      sleep(ms, signal) {
        waits.push(ms);
        return Promise.race([patience, systemTimers.sleep(FOREVER_MS, signal)]);
      },
    },
  });
  const forTask = tools.forTask(TASK, { renewLease, onProgress: (message) => void said.push(message) });
  return { ...forTask, hub, time, said, calls, waits, endPatience };
}

describe('what is offered', () => {
  test('the tools of all servers, but for those that are denied or to be asked about', async () => {
    const { offer } = setUp({ policies: { post: 'deny', put: 'ask' } });
    const { tools, unavailable } = await offer();
    expect(tools.map(({ server, name }) => [server, name])).toEqual([
      ['ledger', 'peek'],
      ['ledger', 'big'],
      ['ledger', 'fail'],
    ]);
    expect(tools[0]).toMatchObject({ description: expect.any(String), inputSchema: { type: 'object' } });
    expect(unavailable).toEqual([]);
  });

  test('servers that cannot be started are named, with the reason; disabled ones are not', async () => {
    const { offer } = setUp({
      servers: { gone: { command: 'no-such-program-4711' }, off: { ...moody(), disabled: true } },
    });
    const { tools, unavailable } = await offer();
    expect(tools).toHaveLength(5);
    expect(unavailable).toEqual([
      { server: 'gone', problem: expect.stringContaining('no-such-program-4711') },
    ]);
  });

  test('a server that is slow to start is not waited for', async () => {
    const { offer, endPatience, hub, waits } = setUp({ servers: { slow: moody('hangs-on-start') } });
    await hub.listTools('ledger');
    const offering = offer();
    endPatience();
    const { tools, unavailable } = await offering;
    expect(waits).toEqual([15_000]);
    expect(tools).toHaveLength(5);
    expect(unavailable).toEqual([{ server: 'slow', problem: 'It has not told its tools yet.' }]);
  });

  test('whoever gives up waits no longer', async () => {
    const { offer } = setUp({ servers: { slow: moody('hangs-on-start') } });
    const caller = new AbortController();
    const offering = offer(caller.signal);
    caller.abort();
    expect((await offering).unavailable).toContainEqual({ server: 'slow', problem: expect.any(String) });
  });
});

describe('a call', () => {
  test('is made under the lease, carries task and attempt, and says what is done', async () => {
    let renewals = 0;
    const { call, calls, said } = setUp({
      servers: { moody: moody() },
      async renewLease() {
        renewals += 1;
      },
    });
    const { signal } = new AbortController();
    expect(await call({ server: 'moody', tool: 'echo', args: { a: 1 } }, signal)).toEqual({
      args: { a: 1 },
      meta: expect.objectContaining({ task_id: 'task-007', attempt: 2 }),
    });
    expect(calls).toMatchObject([{ signal }]);
    expect(renewals).toBe(1);
    expect(said).toEqual(['calling echo of moody']);
  });

  test.each(['deny', 'ask'] as const)('whose policy is %s is not made', async (policy) => {
    const { call, calls } = setUp({ policies: { post: policy } });
    const fault = await faultOf(call({ server: 'ledger', tool: 'post', args: {} }));
    expect(fault.code).toBe('NOT_ALLOWED');
    expect(calls).toEqual([]);
  });

  test('is not made by whoever has lost the task', async () => {
    const lost = new Fault('LEASE_LOST', 'Task task-007 is not yours any more.');
    const { call, calls } = setUp({ renewLease: () => Promise.reject(lost) });
    expect(await faultOf(call({ server: 'ledger', tool: 'post', args: {} }))).toBe(lost);
    expect(calls).toEqual([]);
  });

  test.each([
    [{ server: 'nowhere', tool: 'post', args: {} }, 'SERVER_NOT_FOUND'],
    [{ server: 'ledger', tool: 'pots', args: {} }, 'TOOL_FAILED'],
    [{ server: 'ledger', tool: 'fail', args: {} }, 'TOOL_FAILED'],
  ] as const)('%j: %s', async (params, code) => {
    const { call } = setUp();
    expect((await faultOf(call(params))).code).toBe(code);
  });

  test('stops when its caller gives up', async () => {
    const { call, time, hub } = setUp({ servers: { deaf: moody('deaf') } });
    await hub.start('deaf').catch(() => {});
    const caller = new AbortController();
    const calling = faultOf(call({ server: 'deaf', tool: 'hang', args: {} }, caller.signal));
    caller.abort();
    expect((await whileTimePasses(time, calling)).code).toBe('CANCELLED');
  });
});
