import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { policyFor } from '../../../src/domain/tool-policy.ts';
import { loadMcpServersConfig, readMcpServersConfig } from '../../../src/hub/mcp-servers-config.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** As some clients write it. */
const VARIABLE = ['$', '{env:KEY}'].join('');
const file = '/home/me/settings/mcp_servers_config.json';
const read = (mcpServers: unknown) => readMcpServersConfig({ file, json: JSON.stringify({ mcpServers }) });

describe('an entry', () => {
  test.each([
    [
      'of a command',
      { command: 'npx', args: ['-y', 'x'], env: { A: 'b' } },
      { command: 'npx', args: ['-y', 'x'], env: { A: 'b' } },
    ],
    [
      'with a folder, relative to the file',
      { command: 'x', cwd: '../data' },
      { command: 'x', cwd: '/home/me/data' },
    ],
    [
      'with a command in a folder, relative to the file too',
      { command: './bin/server', args: ['./data'] },
      { command: '/home/me/settings/bin/server', args: ['./data'] },
    ],
    [
      'with a command in its working directory',
      { command: 'bin/server', cwd: '../data' },
      { command: '/home/me/data/bin/server', cwd: '/home/me/data' },
    ],
    [
      'with places below the home folder',
      { command: '~/bin/server', cwd: '~' },
      { command: join(homedir(), 'bin/server'), cwd: homedir() },
    ],
    [
      'with numbers among its arguments',
      { command: 'x', args: ['-p', 80] },
      { command: 'x', args: ['-p', '80'] },
    ],
    ['with a time-out in seconds', { command: 'x', timeout: 1.5 }, { command: 'x', timeoutMs: 1_500 }],
    [
      'with numbers in its environment',
      { command: 'x', env: { PORT: 80, ON: true } },
      { command: 'x', env: { PORT: '80', ON: 'true' } },
    ],
    [
      'with framing',
      { command: 'x', framing: 'content-length' },
      { command: 'x', framing: 'content-length' },
    ],
    ['that is disabled', { command: 'x', disabled: true }, { command: 'x', disabled: true }],
    [
      'of a URL',
      { url: 'https://x.example/mcp', headers: { A: 'b' } },
      { url: 'https://x.example/mcp', headers: { A: 'b' } },
    ],
    ['of both, which is a command', { command: 'x', url: 'https://x.example' }, { command: 'x' }],
    [
      'of both, which says what it is',
      { type: 'streamableHttp', command: 'x', url: 'https://x.example' },
      { url: 'https://x.example' },
    ],
  ])('%s', (_name, entry, spec) => {
    expect(read({ one: entry }).servers).toEqual({ one: spec });
  });

  test.each([
    [{ command: 'x', autoApprove: [], alwaysAllow: [] }, ['autoApprove, alwaysAllow are not used here.']],
    [
      { type: 'sse', url: 'https://x.example' },
      ['type: The server is spoken to over Streamable HTTP, not over SSE.'],
    ],
    [
      { command: 'x', timeout: 60_000 },
      ['timeout: 60000 is taken for milliseconds, because it would be more than an hour.'],
    ],
    [
      { command: 'x', env: { KEY: VARIABLE } },
      [`env: ${VARIABLE} is handed on as it is written: nothing is filled in.`],
    ],
    [{ command: 'x', type: 'stdio', args: ['$HOME'] }, []],
  ])('is noted: %j', (entry, notes) => {
    const expected = notes.map((note) => `${file}: mcpServers.one${/^\w+: /.test(note) ? '.' : ': '}${note}`);
    expect(read({ one: entry }).notes).toEqual(expected);
  });

  test('in milliseconds is read as such', () => {
    expect(read({ one: { command: 'x', timeout: 60_000 } }).servers).toEqual({
      one: { command: 'x', timeoutMs: 60_000 },
    });
  });
});

test('problems are told all at once, each with file, server and key', () => {
  expect(() =>
    read({
      a: { command: '' },
      b: { command: 'x', args: 'y', env: { A: {} }, timeout: -1, framing: 'lines' },
      c: { url: 'file:///etc' },
      d: {},
      e: 'x',
      f: { command: 'x' },
      g: { command: 'x', args: ['a', null] },
      h: { url: 'https://me:hunter22@x.example' },
      i: { url: 'https://x.example', headers: { 'X-Key': 'line\nhunter22', 'no name': 'x' } },
      '': { command: 'x' },
      'two\nlines': { command: 'x' },
      ['x'.repeat(201)]: { command: 'x' },
    }),
  ).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      details: {
        problems: [
          `${file}: mcpServers.a.command: This is empty.`,
          expect.stringContaining(`${file}: mcpServers.b.timeout: This has to be more than 0.`),
          expect.stringContaining(`${file}: mcpServers.b.args: This has to be a list of texts.`),
          `${file}: mcpServers.b.env.A: This has to be a text.`,
          expect.stringContaining(
            `${file}: mcpServers.b.framing: This has to be "newline" or "content-length".`,
          ),
          `${file}: mcpServers.c.url: This has to be an http or https URL.`,
          `${file}: mcpServers.d: It has neither a "command" nor a "url".`,
          `${file}: mcpServers.e: This has to be an object with a "command" or a "url".`,
          `${file}: mcpServers.g.args.1: This has to be a text.`,
          `${file}: mcpServers.h.url: It has a user or a password in it. Put them into "headers", as "Authorization".`,
          `${file}: mcpServers.i.headers.X-Key: This cannot be sent as a header.`,
          `${file}: mcpServers.i.headers.no name: This cannot be sent as a header.`,
          `${file}: mcpServers."": The name is empty.`,
          `${file}: mcpServers."two\\nlines": The name has control characters in it, such as a line break.`,
          `${file}: mcpServers."${'x'.repeat(50)}": The name has more than 200 characters.`,
        ],
      },
    }),
  );
});

test.each([
  ['{"mcpServers": {"a": {"command": "sk-secret",}}}', ':1:46: It is not plain JSON'],
  ['{"mcpServers": sk-secret}', ': It is not plain JSON'],
  ['{"servers": {}}', ': It has no "mcpServers"'],
  ['[]', ': It has no "mcpServers"'],
])('%s', (json, problem) => {
  const reading = () => readMcpServersConfig({ file, json });
  expect(reading).toThrow(problem);
  expect(reading).not.toThrow('sk-secret');
});

test('a file is read, also one with a byte order mark', async () => {
  const path = join(temporaryFolder(), 'servers.json');
  await expect(loadMcpServersConfig(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('ENOENT'),
  });
  writeFileSync(path, '\uFEFF{"mcpServers": {"a": {"command": "x"}}}');
  expect((await loadMcpServersConfig(path)).servers).toEqual({ a: { command: 'x' } });
});

test('a server may be called anything', () => {
  const { servers } = readMcpServersConfig({ file, json: '{"mcpServers": {"__proto__": {"command": "x"}}}' });
  expect(Object.entries(servers)).toEqual([['__proto__', { command: 'x' }]]);
});

test.each([
  ['a server', '"files": {"command": "x"}, "other": {}, "files": {"command": "y"}', 'mcpServers.files'],
  [
    'the same in other words',
    '"files": {"command": "x"}, "f\\u0069les": {"command": "y"}',
    'mcpServers.files',
  ],
  [
    'a rule',
    '"files": {"command": "{x", "orchestrator": {"tools": {"a": "deny", "b": "ask", "a": "allow"}}}',
    'mcpServers.files.orchestrator.tools.a',
  ],
])('%s that stands there twice is a problem: JSON keeps the later one alone', (_what, entries, path) => {
  expect(() => readMcpServersConfig({ file, json: `{"mcpServers": {${entries}}}` })).toThrow(
    `${file}: ${path}: This stands there twice.`,
  );
});

test('what stands twice elsewhere is of no concern here', () => {
  const json =
    '{"a": 1, "a": 2, "mcpServers": {"x": {"command": "x", "args": ["{", "{"]}, "y": {"command": "x"}}}';
  expect(Object.keys(readMcpServersConfig({ file, json }).servers)).toEqual(['x', 'y']);
});

describe('policies', () => {
  test('are read from a key that is ours alone, and are no part of how a server is started', () => {
    const tools = { 'delete_*': 'deny', write_file: 'ask', '*': 'allow' };
    expect(
      read({ files: { command: 'x', orchestrator: { tools } }, other: { command: 'y', orchestrator: {} } }),
    ).toEqual({
      servers: { files: { command: 'x' }, other: { command: 'y' } },
      policies: { files: tools },
      notes: [],
    });
  });

  test.each([
    [
      { tools: { write_file: 'forbid' } },
      'orchestrator.tools.write_file: This has to be "allow", "deny" or "ask".',
    ],
    [{ tools: ['write_file'] }, 'orchestrator.tools: This has to be an object'],
    [{ tool: { write_file: 'deny' } }, 'orchestrator: There is no tool; it has only "tools".'],
    ['deny', 'orchestrator: This has to be an object.'],
    [
      { tools: JSON.parse('{"__proto__": "forbid"}') },
      'orchestrator.tools.__proto__: This has to be "allow"',
    ],
  ])('%j frees no tool by mistake', (orchestrator, problem) => {
    expect(() => read({ files: { command: 'x', orchestrator } })).toThrow(`mcpServers.files.${problem}`);
    expect(() => read({ files: { url: 'https://x.example', orchestrator } })).toThrow(problem);
  });

  test.each(['Orchestrator', 'orchestrater', 'orchestrator '])('the key %j is a mistake', (key) => {
    expect(() => read({ files: { command: 'x', [key]: { tools: { '*': 'deny' } } } })).toThrow(
      `mcpServers.files.${key}: There is no such key; what is meant may be "orchestrator".`,
    );
  });

  test.each(['orchestrator', 'orchestrater'])('the key %j beside the servers is a mistake', (key) => {
    const json = JSON.stringify({
      mcpServers: { files: { command: 'x' } },
      [key]: { tools: { '*': 'deny' } },
    });
    expect(() => readMcpServersConfig({ file, json })).toThrow(
      `${file}: ${key}: Rules stand in the entry of a server, under "orchestrator".`,
    );
  });

  test('tools that stand in an entry by themselves are a mistake, but for the list of another program', () => {
    expect(() => read({ files: { command: 'x', tools: { '*': 'deny' } } })).toThrow(
      'mcpServers.files.tools: Rules stand under "orchestrator"',
    );
    expect(read({ files: { command: 'x', tools: ['read_file'] } }).notes).toEqual([
      expect.stringContaining('tools is not used here.'),
    ]);
  });

  test('hold for a tool of any name', () => {
    const json =
      '{"mcpServers": {"files": {"command": "x", "orchestrator": {"tools": {"__proto__": "deny"}}}}}';
    const { policies } = readMcpServersConfig({ file, json });
    expect(policyFor(policies.files ?? {}, '__proto__')).toBe('deny');
  });
});
