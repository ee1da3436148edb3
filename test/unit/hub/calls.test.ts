import { describe, expect, test, vi } from 'vitest';
import { openHub, PATIENCE } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';

test('arguments and _meta reach the tool', async () => {
  const { hub } = openHub({ servers: { one: moody() } });
  const { value } = await hub.callTool({
    server: 'one',
    tool: 'echo',
    args: { a: [1] },
    meta: { run: 'r:7' },
  });
  expect(value).toMatchObject({ args: { a: [1] }, meta: { run: 'r:7' } });
});

describe('a tool that fails', () => {
  test.each([
    ['fail', { words: 'The moon is out of reach.' }, 'The moon is out of reach.', 'tool_error'],
    [
      'fail',
      { words: 'MCP error -32602: No such shape' },
      'MCP error -32602: No such shape',
      'invalid_arguments',
    ],
    ['fail', { words: '' }, 'The tool fail of the server one failed, and did not say why.', 'tool_error'],
    ['refuse', { code: -32602, message: 'No.' }, 'No.', 'invalid_arguments'],
    ['refuse', { code: -32603, message: 'Ouch.' }, 'Ouch.', 'server_error'],
    ['nonesuch', {}, 'Unknown tool: nonesuch', 'unknown_tool'],
  ] as const)('%s %j: %s', async (tool, args, message, kind) => {
    const { hub } = openHub({ servers: { one: moody() } });
    await hub.listTools('one');
    await expect(hub.callTool({ server: 'one', tool, args })).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      retryable: false,
      message,
      details: { server: 'one', tool, kind },
    });
    // Its server is as well as before.
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
  });
});

describe('a deadline', () => {
  test('ends a call that is not answered', async () => {
    const { hub, time } = openHub({ servers: { one: { ...moody(), timeoutMs: 7_000 } } });
    const onProgress = vi.fn();
    const call = hub.callTool({ server: 'one', tool: 'hang', args: {}, onProgress });
    const outcome = expect(call).rejects.toMatchObject({
      code: 'SERVER_TIMEOUT',
      retryable: true,
      message: 'The server one did not answer within 7 s.',
    });
    await vi.waitFor(() => expect(onProgress).toHaveBeenCalled(), PATIENCE);
    time.elapse(6_999);
    time.elapse(1);
    await outcome;
    // It answers others, so that it is trusted.
    await hub.callTool({ server: 'one', tool: 'echo', args: {} });
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
  });

  test('of the caller is the one that counts', async () => {
    const { hub, time } = openHub({ servers: { one: moody() } });
    const onProgress = vi.fn();
    const call = hub.callTool({ server: 'one', tool: 'hang', args: {}, onProgress, timeoutMs: 100 });
    const outcome = expect(call).rejects.toMatchObject({
      code: 'SERVER_TIMEOUT',
      details: { timeout_ms: 100 },
    });
    await vi.waitFor(() => expect(onProgress).toHaveBeenCalled(), PATIENCE);
    time.elapse(100);
    await outcome;
  });

  test('is put off by progress, but not for ever', async () => {
    const { hub, time } = openHub({
      servers: { one: { ...moody(), timeoutMs: 1_000 } },
      limits: { callStretchMax: 3 },
    });
    const onProgress = vi.fn();
    const slow = { server: 'one', tool: 'slow', args: { steps: 4, total: 4 }, onProgress };
    expect((await hub.callTool(slow)).value).toBe('done');
    expect(onProgress).toHaveBeenCalledTimes(4);
    expect(onProgress).toHaveBeenLastCalledWith({ progress: 4, total: 4, message: 'step 4' });

    const unfinished = {
      server: 'one',
      tool: 'slow',
      args: { steps: 1, total: 2 },
      onProgress: vi.fn(() => time.elapse(900)),
    };
    const outcome = expect(hub.callTool(unfinished)).rejects.toMatchObject({
      details: { timeout_ms: 1_000 },
    });
    await vi.waitFor(() => expect(unfinished.onProgress).toHaveBeenCalled(), PATIENCE);
    time.elapse(999);
    time.elapse(1);
    await outcome;
  });

  test('for the whole holds whatever progress there is', async () => {
    const { hub, time } = openHub({
      servers: { one: { ...moody(), timeoutMs: 1_000 } },
      limits: { callStretchMax: 3 },
    });
    const slow = {
      server: 'one',
      tool: 'slow',
      args: { steps: 10, total: 11 },
      onProgress: () => time.elapse(900),
    };
    await expect(hub.callTool(slow)).rejects.toMatchObject({
      code: 'SERVER_TIMEOUT',
      details: { timeout_ms: 3_000 },
    });
  });
});

describe('a caller', () => {
  test('that gives up is told CANCELLED, before and in mid-call', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const cancelled = { code: 'CANCELLED' };
    await expect(
      hub.callTool({ server: 'one', tool: 'echo', args: {}, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject(cancelled);
    expect(hub.statuses()).toEqual([{ name: 'one', state: 'stopped' }]);
    const stop = new AbortController();
    const call = {
      server: 'one',
      tool: 'hang',
      args: {},
      signal: stop.signal,
      onProgress: () => stop.abort(),
    };
    await expect(hub.callTool(call)).rejects.toMatchObject(cancelled);
    await hub.callTool({ server: 'one', tool: 'echo', args: {} });
  });

  test('that gives up while the server starts does not stop the start', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const stop = new AbortController();
    const call = hub.callTool({ server: 'one', tool: 'echo', args: {}, signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(hub.statuses()).toMatchObject([{ state: 'starting' }]);
    expect(await hub.start('one')).toMatchObject({ state: 'running' });
  });
});

describe('sizes', () => {
  const limits = { messageBytesMax: 10_000, skippedBytesMax: 100_000, depthMax: 20 };

  test.each([true, false])('an answer that is too long fails alone (its id first: %s)', async (idFirst) => {
    const { hub } = openHub({ servers: { one: moody() }, limits });
    const [big, small] = await Promise.allSettled([
      hub.callTool({ server: 'one', tool: 'big', args: { bytes: 50_000, idFirst } }),
      hub.callTool({ server: 'one', tool: 'echo', args: {} }),
    ]);
    expect(big).toMatchObject({
      status: 'rejected',
      reason: { code: 'TOO_LARGE', details: { server: 'one', bytes_max: 10_000, bytes: expect.any(Number) } },
    });
    expect(small.status).toBe('fulfilled');
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
  });

  test('an answer that has no end ends the server', async () => {
    const { hub } = openHub({ servers: { one: moody() }, limits });
    await expect(
      hub.callTool({ server: 'one', tool: 'big', args: { bytes: 200_000 } }),
    ).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: 'The server one was ended, because it sent a message of more than 100000 bytes.',
    });
    expect(hub.statuses()).toMatchObject([{ state: 'failed' }]);
  });

  test('an answer that is nested too deep is refused', async () => {
    const { hub } = openHub({ servers: { one: moody() }, limits });
    await expect(
      hub.callTool({ server: 'one', tool: 'deep', args: { levels: 4_000 } }),
    ).rejects.toMatchObject({ code: 'TOO_LARGE', details: { depth_max: 20 } });
    await hub.callTool({ server: 'one', tool: 'deep', args: { levels: 10 } });
  });
});
