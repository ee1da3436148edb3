import { describe, expect, test, vi } from 'vitest';
import { isAlive, type LogEntry, openHub, PATIENCE } from '../../support/hub-room.ts';
import { moody } from '../../support/moody-servers.ts';

const names = (tools: readonly { readonly name: string }[]) => tools.map(({ name }) => name);

describe('the tools of one server', () => {
  test('are listed with what the server says of them, and kept', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const tools = await hub.listTools('one');
    expect(tools[0]).toEqual({
      server: 'one',
      name: 'echo',
      description: 'It is called echo.',
      inputSchema: { type: 'object' },
    });
    expect(hub.statuses()).toMatchObject([{ toolCount: tools.length }]);
    await hub.stop('one');
    expect(await hub.listTools('one')).toBe(tools);
    expect(hub.statuses()).toMatchObject([{ state: 'stopped', toolCount: tools.length }]);
    expect(await hub.listTools('one', { refresh: true })).toEqual(tools);
    expect(hub.statuses()).toMatchObject([{ state: 'running' }]);
  });

  test('are read from all pages', async () => {
    const { hub } = openHub({ servers: { one: moody('paged') } });
    expect(names(await hub.listTools('one'))).toEqual(['page-0', 'page-1', 'page-2']);
  });

  test.each([
    // What is on the pages that are not asked for, nobody knows.
    ['in pages', moody('endless-pages'), { toolPagesMax: 5 }, { toolCount: 5, toolsDropped: 1 }],
    ['in number', moody('many-tools', '30'), { toolsMax: 20 }, { toolCount: 20, toolsDropped: 10 }],
    ['in bytes', moody('many-tools', '30'), { catalogueBytesMax: 1_000 }, { toolCount: 9, toolsDropped: 21 }],
    ['in bytes', moody('endless-pages'), { catalogueBytesMax: 1_000 }, { toolCount: 9, toolsDropped: 2 }],
  ] as const)('are bounded %s, and it is told how many are left out', async (_what, one, limits, counts) => {
    const { hub, logs } = openHub({ servers: { one }, limits });
    expect(await hub.listTools('one')).toHaveLength(counts.toolCount);
    expect(hub.statuses()).toMatchObject([counts]);
    expect(logs.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { server: 'one', dropped: counts.toolsDropped },
    ]);
  });

  test('that are left out can be called, and a failure of theirs is not that there is no such tool', async () => {
    const { hub } = openHub({ servers: { one: moody() }, limits: { toolsMax: 1 } });
    await hub.listTools('one');
    expect((await hub.callTool({ server: 'one', tool: 'environment', args: {} })).value).toBeTypeOf('object');
    const refused = { server: 'one', tool: 'refuse', args: { code: -32602, message: 'No.' } };
    await expect(hub.callTool(refused)).rejects.toMatchObject({ details: { kind: 'invalid_arguments' } });
  });

  test('are read again, once, when the server says that they changed', async () => {
    const { hub, time, timesWritten } = openHub({ servers: { one: moody() } });
    const before = await hub.listTools('one');
    const onChange = vi.fn();
    const stopListening = hub.onCatalogueChange(onChange);
    await hub.callTool({ server: 'one', tool: 'change', args: { times: 5 } });
    expect(onChange).not.toHaveBeenCalled();
    time.elapse(100);
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), PATIENCE);
    expect(names(await hub.listTools('one')).slice(before.length)).toEqual([`added-${before.length}`]);
    await hub.callTool({ server: 'one', tool: 'echo', args: {} });
    await vi.waitFor(() => expect(timesWritten('one', 'listing')).toBe(2), PATIENCE);
    stopListening();
    await hub.callTool({ server: 'one', tool: 'change', args: {} });
    time.elapse(100);
    await vi.waitFor(
      async () => expect(await hub.listTools('one')).toHaveLength(before.length + 2),
      PATIENCE,
    );
    expect(onChange).toHaveBeenCalledTimes(1);
  });
});

describe('rules for tools that a server does not have', () => {
  const policies = { one: { 'd*': 'deny', ehco: 'deny', 'wirte_*': 'ask', 'added-*': 'ask' } } as const;
  const warned = (logs: readonly LogEntry[]) =>
    logs.flatMap(({ level, fields }) => (level === 'warn' && fields.rules ? [fields] : []));

  test('are told once its tools are known, and anew when these change', async () => {
    const { hub, time } = openHub({ servers: { one: moody(), two: moody() }, policies });
    expect(hub.statuses()).not.toContainEqual(expect.objectContaining({ unmatchedRules: expect.anything() }));
    await hub.listTools('one');
    await hub.listTools('two');
    expect(hub.statuses()).toMatchObject([
      { unmatchedRules: ['ehco', 'wirte_*', 'added-*'] },
      { name: 'two' },
    ]);
    expect(hub.statuses()[1]).not.toHaveProperty('unmatchedRules');
    await hub.callTool({ server: 'one', tool: 'change', args: {} });
    time.elapse(100);
    await vi.waitFor(
      () => expect(hub.statuses()).toMatchObject([{ unmatchedRules: ['ehco', 'wirte_*'] }, {}]),
      PATIENCE,
    );
  });

  test('are warned of once for each connection', async () => {
    const { hub, logs } = openHub({ servers: { one: moody() }, policies });
    const warning = { server: 'one', rules: ['ehco', 'wirte_*', 'added-*'] };
    await hub.listTools('one');
    await hub.listTools('one', { refresh: true });
    expect(warned(logs)).toEqual([warning]);
    await hub.stop('one');
    await hub.listTools('one', { refresh: true });
    expect(warned(logs)).toEqual([warning, warning]);
  });
});

describe('the catalogue', () => {
  const servers = {
    good: moody(),
    broken: moody('ends-on-start', 'no luck'),
    off: { ...moody(), disabled: true },
  };

  test('is what is known, at once; the rest is asked for in the background', async () => {
    const { hub } = openHub({ servers });
    const onChange = vi.fn();
    hub.onCatalogueChange(onChange);
    expect(hub.catalogue()).toEqual({
      tools: [],
      servers: [
        { name: 'good', state: 'starting' },
        { name: 'broken', state: 'starting' },
        { name: 'off', state: 'disabled' },
      ],
    });
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), PATIENCE);
    expect(hub.catalogue().tools.length).toBeGreaterThan(5);
  });

  test('that was asked for everywhere says who failed', async () => {
    const { hub } = openHub({ servers });
    const { tools, servers: statuses } = await hub.refreshCatalogue();
    expect(new Set(tools.map(({ server }) => server))).toEqual(new Set(['good']));
    expect(statuses).toMatchObject([
      { name: 'good', state: 'running', toolCount: tools.length },
      { name: 'broken', state: 'failed', problem: expect.stringContaining('no luck'), retryAfterMs: 188 },
      { name: 'off', state: 'disabled' },
    ]);
  });

  test('keeps the tools of a server that failed', async () => {
    const { hub } = openHub({ servers: { one: moody() } });
    const before = await hub.refreshCatalogue();
    await hub.callTool({ server: 'one', tool: 'die', args: {} }).catch(() => {});
    const after = await hub.refreshCatalogue();
    expect(after.tools).toEqual(before.tools);
    expect(after.servers).toMatchObject([{ state: 'failed' }]);
  });

  test('is not waited for by who gives up', async () => {
    const { hub } = openHub({ servers: { one: moody('hangs-on-start') } });
    const stop = new AbortController();
    const outcome = expect(hub.refreshCatalogue(stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    stop.abort();
    await outcome;
  });
});

test('everything is stopped at once', async () => {
  const { hub } = openHub({ servers: { one: moody(), two: moody() } });
  const pids = await Promise.all(['one', 'two'].map(async (name) => (await hub.start(name)).pid ?? 0));
  expect(await hub.stopAll()).toMatchObject([{ state: 'stopped' }, { state: 'stopped' }]);
  expect(pids.map(isAlive)).toEqual([false, false]);
});
