import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StdioServerSpec } from '../../../src/hub/hub.ts';
import { openHub } from '../../support/hub-room.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const require = createRequire(import.meta.url);
const FILES = {
  everything: require.resolve('@modelcontextprotocol/server-everything/dist/index.js'),
  filesystem: require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'),
  memory: require.resolve('@modelcontextprotocol/server-memory/dist/index.js'),
};

function reference(name: keyof typeof FILES, ...args: readonly string[]): StdioServerSpec {
  return { command: process.execPath, args: [FILES[name], ...args] };
}

test('everything, filesystem and memory, side by side', async () => {
  const folder = realpathSync(temporaryFolder());
  mkdirSync(join(folder, 'files'));
  const { hub } = openHub({
    servers: {
      everything: reference('everything'),
      files: reference('filesystem', join(folder, 'files')),
      memory: { ...reference('memory'), env: { MEMORY_FILE_PATH: join(folder, 'memory.json') } },
    },
  });
  const { tools, servers } = await hub.refreshCatalogue();
  expect(servers).toMatchObject([
    { name: 'everything', state: 'running', title: 'Everything Reference Server' },
    { name: 'files', state: 'running', title: 'secure-filesystem-server' },
    { name: 'memory', state: 'running', title: 'memory-server' },
  ]);
  for (const { name, inputSchema, description } of tools)
    expect([name, inputSchema?.type, typeof description]).toEqual([name, 'object', 'string']);

  const call = (server: string, tool: string, args = {}) => hub.callTool({ server, tool, args });
  expect((await call('everything', 'echo', { message: 'süß' })).value).toBe('Echo: süß');
  expect((await call('everything', 'get-structured-content', { location: 'Chicago' })).value).toMatchObject({
    conditions: expect.any(String),
  });
  expect((await call('everything', 'get-tiny-image')).value).toContainEqual(
    expect.objectContaining({ type: 'image', mimeType: 'image/png' }),
  );
  await expect(call('everything', 'get-sum', { a: 'one' })).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    details: { kind: 'invalid_arguments' },
  });
  await expect(call('everything', 'nonesuch')).rejects.toMatchObject({ details: { kind: 'unknown_tool' } });

  const path = join(folder, 'files', 'note.txt');
  await call('files', 'write_file', { path, content: 'written' });
  expect(readFileSync(path, 'utf8')).toBe('written');
  writeFileSync(join(folder, 'secret.txt'), 'no');
  await expect(call('files', 'read_text_file', { path: join(folder, 'secret.txt') })).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    message: expect.stringContaining('Access denied'),
    details: { kind: 'tool_error' },
  });

  const entities = [{ name: 'Ada', entityType: 'person', observations: ['counts'] }];
  await call('memory', 'create_entities', { entities });
  expect((await call('memory', 'open_nodes', { names: ['Ada'] })).value).toMatchObject({ entities });
});

test('progress of a long call is passed on', async () => {
  const { hub } = openHub({ servers: { everything: reference('everything') } });
  const seen: number[] = [];
  await hub.callTool({
    server: 'everything',
    tool: 'trigger-long-running-operation',
    args: { duration: 0.05, steps: 3 },
    onProgress: ({ progress, total }) => seen.push(progress, total ?? 0),
  });
  expect(seen).toEqual([1, 3, 2, 3, 3, 3]);
});
