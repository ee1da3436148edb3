import { expect, test, vi } from 'vitest';
import type { Catalogue, DownstreamTool, Hub } from '../../../src/hub/hub.ts';
import { ledgerServer } from '../../support/ledger.ts';
import { composerSubject } from './composer-subject.ts';

// What there is to call, and how it is found.

const subject = composerSubject();

/** A hub that knows these tools; for what depends on nothing but them. */
function knowing(...tools: readonly Partial<DownstreamTool>[]): Hub {
  const known = tools.map((tool) => ({ server: 'files', name: 'tool', ...tool }));
  const servers = [...new Set(known.map(({ server }) => server))].map((name) => ({
    name,
    state: 'stopped' as const,
    toolCount: known.filter(({ server }) => server === name).length,
  }));
  const catalogue = (): Catalogue => ({ tools: known, servers });
  const unexpected = (what: string) => () => {
    throw new Error(`Nobody is to be asked: ${what}.`);
  };
  return {
    statuses: () => servers,
    catalogue,
    refreshCatalogue: async () => catalogue(),
    add: unexpected('add'),
    start: unexpected('start'),
    stop: unexpected('stop'),
    stopAll: unexpected('stopAll'),
    listTools: unexpected('listTools'),
    callTool: unexpected('callTool'),
    onCatalogueChange: unexpected('onCatalogueChange'),
    close: async () => {},
  };
}

test('the first look waits for servers that were never seen; tools have names and policies', async () => {
  const hub = subject.openHub({
    ledger: ledgerServer(subject.ledgerFile),
    gone: { command: '/nowhere/nonesuch' },
    off: { command: 'off', disabled: true },
  });
  const policyOf = (_server: string, tool: string) => (tool === 'post' ? 'ask' : 'allow');
  const { composer } = await subject.open({ hub, policyOf });
  const { tools, servers } = await composer.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    ['post', 'put', 'peek', 'big', 'fail'].map((tool) => `ledger__${tool}`),
  );
  expect(tools[0]).toEqual({
    name: 'ledger__post',
    server: 'ledger',
    tool: 'post',
    description: 'Does what post means. Nothing else.',
    policy: 'ask',
  });
  expect(servers).toEqual([
    { name: 'ledger', state: 'running' },
    { name: 'gone', state: 'failed', problem: expect.stringContaining('gone') },
    { name: 'off', state: 'disabled' },
  ]);
});

test('nobody waits for a server whose tools are known', async () => {
  const hub = subject.openHub({ ledger: ledgerServer(subject.ledgerFile) });
  const { composer } = await subject.open({ hub });
  const known = await composer.listTools();
  await hub.stop('ledger');
  expect(await composer.listTools()).toEqual({ ...known, servers: [{ name: 'ledger', state: 'stopped' }] });
  expect(hub.statuses()[0]).not.toHaveProperty('pid');
  expect((await composer.refreshTools()).servers).toEqual([{ name: 'ledger', state: 'running' }]);
});

test('nobody waits long for one whose tools are not', async () => {
  const hub = subject.openHub({
    slow: { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'] },
  });
  const { composer } = await subject.open({ hub, limits: { lookupMs: 1 } });
  expect(await composer.listTools()).toEqual({
    tools: [],
    servers: [
      {
        name: 'slow',
        state: 'starting',
        problem: 'Its tools are not known yet; ask again in a moment.',
      },
    ],
  });
});

test('a script waits only for servers that it names', async () => {
  const hub = subject.openHub({
    ledger: ledgerServer(subject.ledgerFile),
    slow: { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'] },
  });
  const { execute } = await subject.open({ hub });
  expect(await execute('return (await ledger__peek({})).luck < 1')).toMatchObject({ result: true });
  expect(hub.statuses().find(({ name }) => name === 'slow')).not.toMatchObject({ state: 'failed' });
  const controller = new AbortController();
  const waiting = execute('await slow__read({})', { signal: controller.signal });
  await vi.waitFor(() => expect(hub.statuses()[1]?.state).toBe('starting'));
  controller.abort();
  expect(await waiting).toMatchObject({ status: 'cancelled' });
});

test('a script does not wait for a server longer than it may run', async () => {
  const hub = subject.openHub({
    slow: { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'] },
  });
  const { execute } = await subject.open({ hub });
  const { status, error } = await execute('await slow__read({})', { timeoutSeconds: 0.2 });
  expect(status === 'limit_exceeded' || error?.message.includes('it has not answered yet')).toBe(true);
});

test('a search finds tools by the words of their names and descriptions', async () => {
  const hub = knowing(
    { name: 'read_file', description: 'Reads the contents of a file.' },
    { name: 'writeFile', description: 'Writes a file, and creates it where there is none.' },
    { name: 'list_directory', description: 'Lists the files of a folder.' },
    { server: 'git', name: 'commit', description: 'Records changes, with a message about what was written.' },
    { server: 'git', name: 'log', description: 'Lists commits.' },
    { server: 'mail', name: 'send' },
  );
  const { composer } = await subject.open({ hub });
  const find = async (query: string) => (await composer.searchTools(query)).tools.map(({ name }) => name);
  expect((await find('read a file'))[0]).toBe('files__read_file');
  expect((await find('write file'))[0]).toBe('files__writeFile');
  expect((await find('WRITE FILES'))[0]).toBe('files__writeFile');
  expect((await find('commits'))[0]).toBe('git__commit');
  expect((await find('git log'))[0]).toBe('git__log');
  expect(await find('mail')).toEqual(['mail__send']);
  expect((await find('directories')).length).toBe(0);
  expect((await find('directory'))[0]).toBe('files__list_directory');
  expect(await find('quantum')).toEqual([]);
  expect(await find('')).toEqual([]);
  expect(await find('.*( [')).toEqual([]);
  // Nothing is decided by the order in which servers name their tools.
  expect(await find('lists')).toEqual(await find('lists lists'));
});

test('a word that few tools have says more than one that many have', async () => {
  const many = Array.from({ length: 9 }, (_, index) => ({ server: 'box', name: `file_${index}` }));
  const { composer } = await subject.open({ hub: knowing(...many, { server: 'box', name: 'zip_it' }) });
  expect((await composer.searchTools('file zip')).tools[0]?.name).toBe('box__zip_it');
});

test('a documentation leaves out what only shares a common word with the query', async () => {
  const hub = knowing(
    { name: 'read_text_file', description: 'Reads a file as text.' },
    { name: 'read_multiple_files', description: 'Reads several files.' },
    { name: 'write_file', description: 'Writes a file.' },
    { name: 'move_file', description: 'Moves or renames a file.' },
    { name: 'create_directory', description: 'Creates a folder for a file.' },
    { server: 'memory', name: 'read_graph', description: 'Reads the whole graph.' },
  );
  const { composer } = await subject.open({ hub });
  const described = async (query: string) =>
    [...(await composer.documentation({ query })).matchAll(/declare function (\w+)/g)].map(
      ([, name]) => name,
    );
  expect(await described('read text file')).toEqual(['files__read_text_file', 'files__read_multiple_files']);
  expect((await composer.searchTools('read text file')).tools).toHaveLength(6);
  expect(await described('file')).toHaveLength(5);
});

test('a search gives the best, and no more', async () => {
  const hub = knowing(...Array.from({ length: 50 }, (_, index) => ({ name: `read_${index}` })));
  const { composer } = await subject.open({ hub });
  expect((await composer.searchTools('read')).tools).toHaveLength(20);
});

test('the documentation declares the functions, and says what the language lacks', async () => {
  const hub = knowing(
    {
      name: 'read',
      description: 'Reads a file. At once.',
      inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      outputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    },
    { name: 'remove', description: 'Removes a file.' },
  );
  const policyOf = (_server: string, tool: string) => (tool === 'remove' ? 'deny' : 'allow');
  const { composer } = await subject.open({ hub, policyOf });
  const text = await composer.documentation({});
  expect(text).toContain(
    '/** Reads a file. */\ndeclare function files__read(args: { path: string }): Promise<{ text: string }>;\n',
  );
  expect(text).toMatch(/There is no fetch, Buffer, process, require, import, fs, URL, Intl,\n\/\/ crypto/);
  expect(text).toContain('Limits: 60 s unless the call says otherwise, 5 s of computing, 1000 calls');
  expect(text).toContain('Await calls that write to one server one after the other');
  expect(text).toContain('Where outcome is "unknown", it may have happened');
  expect(text).toMatch(/declare function files__remove.* \/\/ denied by its policy/);
  expect(await composer.documentation({ detail: 'full' })).toContain('At once.');
  const brief = await composer.documentation({ detail: 'brief', query: 'read' });
  expect(brief).toContain('// files__read: Reads a file.\n');
  expect(brief).not.toContain('files__remove');
  expect(await composer.documentation({ query: 'quantum' })).toContain('// No tool matches the query');
});

test('a documentation of many tools is brief unless it is asked for more, and never endless', async () => {
  const hub = knowing(
    ...Array.from({ length: 200 }, (_, index) => ({ name: `read_${index}`, description: 'Reads one.' })),
  );
  const { composer } = await subject.open({ hub, limits: { documentationCharactersMax: 10_000 } });
  expect(await composer.documentation({})).toContain('// files__read_199: Reads one.\n');
  const cut = await composer.documentation({ detail: 'signatures' });
  expect(cut.length).toBeLessThan(10_500);
  expect(cut).toMatch(/\/\/ There are 1\d\d more functions: search for them with a query/);
});

test('a documentation says which servers are missing from it', async () => {
  const hub = subject.openHub({ gone: { command: '/nowhere/nonesuch' } });
  const { composer } = await subject.open({ hub });
  const text = await composer.documentation({});
  expect(text).toMatch(/\n\/\/ Server gone is failed\. .*\n/);
  expect(text).toContain('// There are no tools.');
});

test('what a tool was seen to return is in its type from then on', async () => {
  const { composer, execute } = await subject.open();
  const typeOf = async (tool: string) =>
    /Promise<(.*)>;/.exec(await composer.documentation({ query: `ledger ${tool}` }))?.[1];
  expect(await typeOf('peek')).toBe('unknown');
  await execute('await ledger__peek({}); await ledger__fail({}).catch(() => {})');
  expect(await typeOf('peek')).toBe('{ luck: number }');
  expect(await typeOf('fail')).toBe('unknown');
});
