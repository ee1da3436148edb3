import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MergeResult, mergeServer, type ServerEntry } from '../../../src/cli/settings-file.ts';
import { Fault } from '../../../src/domain/errors.ts';

const ENTRY: ServerEntry = { command: '/node', args: ['/main.mjs'] };
const NOW = '2026-01-02T03:04:05.006Z';
const BACKUP = 'settings.json.2026-01-02T03-04-05.006Z.bak';
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-'));
  file = join(folder, 'settings.json');
});

afterEach(() => rm(folder, { recursive: true }));

function merge(entry: ServerEntry = ENTRY, path = file): Promise<MergeResult> {
  return mergeServer({ file: path, serversKey: 'mcpServers', name: 'orchestrator', entry, now: NOW });
}

test('a missing file is made with its folders, for the user alone', async () => {
  const path = join(folder, 'a', 'b', 'settings.json');
  expect(await merge(ENTRY, path)).toEqual({ change: 'added' });
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ mcpServers: { orchestrator: ENTRY } });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('an empty file counts as having no servers', async () => {
  await writeFile(file, '\n');
  expect(await merge()).toMatchObject({ change: 'added' });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ mcpServers: { orchestrator: ENTRY } });
});

test('other servers and settings stay, as do order, indentation and mode', async () => {
  const before =
    '{\n    "theme": "dark",\n    "mcpServers": {\n        "z": { "url": "http://z" }\n    },\n    "a": 1\n}\n';
  await writeFile(file, before);
  await chmod(file, 0o640);
  expect(await merge()).toEqual({ change: 'added', backup: join(folder, BACKUP) });
  const expected = { theme: 'dark', mcpServers: { z: { url: 'http://z' }, orchestrator: ENTRY }, a: 1 };
  expect(await readFile(file, 'utf8')).toBe(`${JSON.stringify(expected, null, 4)}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await readFile(join(folder, BACKUP), 'utf8')).toBe(before);
  expect((await readdir(folder)).sort()).toEqual(['settings.json', BACKUP]);
});

test('the same entry again changes nothing, not even the order of its members', async () => {
  const before = '{"mcpServers":{"orchestrator":{"args":["/main.mjs"],"command":"/node"}}}';
  await writeFile(file, before);
  expect(await merge()).toEqual({ change: 'none' });
  expect(await readFile(file, 'utf8')).toBe(before);
  expect(await readdir(folder)).toEqual(['settings.json']);
});

test('an older entry is updated, and keeps what the user added', async () => {
  const existing = {
    command: '/old',
    args: ['/old.mjs'],
    disabled: true,
    env: { LOG_LEVEL: 'warn', A: '1' },
  };
  await writeFile(file, JSON.stringify({ mcpServers: { orchestrator: existing } }));
  expect(await merge({ ...ENTRY, env: { A: '2' } })).toMatchObject({ change: 'updated' });
  expect(JSON.parse(await readFile(file, 'utf8')).mcpServers.orchestrator).toEqual({
    ...ENTRY,
    disabled: true,
    env: { LOG_LEVEL: 'warn', A: '2' },
  });
});

test("Cline's nested form of an entry gives way, since it would win", async () => {
  const existing = { transport: { type: 'stdio', command: '/old' }, autoApprove: ['list_workflows'] };
  await writeFile(file, JSON.stringify({ mcpServers: { orchestrator: existing } }));
  await merge();
  expect(JSON.parse(await readFile(file, 'utf8')).mcpServers.orchestrator).toEqual({
    ...ENTRY,
    autoApprove: ['list_workflows'],
  });
});

test.each([
  ['comments', '{ // mine\n}', 'not plain JSON'],
  ['a cut-off file', '{"mcpServers": {', 'not plain JSON'],
  ['an array', '[]', 'not a JSON object'],
  ['servers that are no object', '{"mcpServers": []}', '"mcpServers" is not an object'],
])('%s: refused and left untouched', async (_name, text, message) => {
  await writeFile(file, text);
  const error = await merge().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Fault);
  expect((error as Fault).message).toContain(message);
  expect(await readFile(file, 'utf8')).toBe(text);
  expect(await readdir(folder)).toEqual(['settings.json']);
});

test.each(['present', 'absent'])(
  'a symbolic link stays one; its target, %s before, is written',
  async (target) => {
    const real = join(folder, 'dotfiles.json');
    if (target === 'present') await writeFile(real, '{}');
    await symlink('dotfiles.json', file);
    await merge();
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect((await lstat(real)).isFile()).toBe(true);
    expect(JSON.parse(await readFile(real, 'utf8'))).toEqual({ mcpServers: { orchestrator: ENTRY } });
  },
);

test('names that every object has are names like others', async () => {
  const params = { file, serversKey: 'mcpServers', name: 'constructor', entry: ENTRY, now: NOW };
  expect(await mergeServer(params)).toEqual({ change: 'added' });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ mcpServers: { constructor: ENTRY } });
});
