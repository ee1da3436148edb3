import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectServers } from '../../../src/hub/inspect-servers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function written(mcpServers: object): string {
  const file = join(temporaryFolder(), 'servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers }));
  return file;
}

test('programs are looked for as the system does, and nothing is started', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'bin'));
  const program = join(folder, 'bin', 'server');
  const trace = join(folder, 'trace');
  writeFileSync(program, `#!/bin/sh\ntouch ${trace}\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'bin', 'data'), '');
  const bin = dirname(program);
  const file = written({
    absolute: { command: program },
    'on the path': { command: basename(process.execPath) },
    'on a path of its own': { command: 'server', env: { PATH: bin } },
    'in its folder': { command: './server', cwd: bin },
    gone: { command: 'no-such-program' },
    'a folder': { command: folder },
    'no program': { command: join(bin, 'data') },
    elsewhere: { command: './server', cwd: folder },
    'in no folder': { command: 'server', cwd: join(folder, 'gone'), env: { PATH: bin } },
    'beside the file': { command: './servers.json' },
    off: { command: 'no-such-program', disabled: true },
    remote: { url: 'https://x.example/mcp' },
  });
  const { servers } = await inspectServers({ file, childEnv: { PATH: dirname(process.execPath) } });
  expect(servers.filter(({ missing }) => missing !== undefined).map(({ name }) => name)).toEqual([
    'gone',
    'a folder',
    'no program',
    'elsewhere',
    'beside the file',
    'off',
  ]);
  expect(servers.find(({ name }) => name === 'beside the file')?.missing).toBe(file);
  expect(servers.filter(({ missingFolder }) => missingFolder !== undefined)).toEqual([
    { name: 'in no folder', kind: 'process', disabled: false, missingFolder: join(folder, 'gone') },
  ]);
  expect(servers.find(({ name }) => name === 'remote')).toEqual({
    name: 'remote',
    kind: 'http',
    disabled: false,
  });
  expect(servers.find(({ name }) => name === 'off')).toMatchObject({ disabled: true });
  expect(() => chmodSync(trace, 0o644)).toThrow('ENOENT');
});

test('a list that cannot be used is a problem to be told, and no failure', async () => {
  const file = written({ one: {} });
  expect(await inspectServers({ file, childEnv: {} })).toEqual({
    file,
    problem: expect.stringContaining('mcpServers.one'),
    servers: [],
    notes: [],
  });
});
