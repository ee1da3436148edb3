import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDefinitions } from '../../../src/definitions/create-definitions.ts';
import type { Definitions, LoadedWorkflow } from '../../../src/definitions/definitions.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import {
  awaitFileClock,
  folderOf,
  stepText,
  type WrittenFiles,
  writeFiles,
} from '../../support/written-files.ts';

const workflow = (name: string, instructions = 'Do it.'): WrittenFiles => ({
  [`${name}/index.md`]: '- [only](only.md)\n',
  [`${name}/only.md`]: stepText({ instructions }),
});

const OLD_STAMP = new Date('2020-01-01T00:00:00Z');

/** Definitions whose clock is an hour ahead of the files, unless told otherwise: all stamps are settled. */
function open(roots: readonly string[], aheadMs = 3_600_000): Definitions {
  const clock = { now: () => new Date(Date.now() + aheadMs).toISOString(), monotonicMs: () => 0 };
  const definitions = createDefinitions({ roots, limits: DEFAULT_LIMITS, logger: silentLogger, clock });
  onTestFinished(() => definitions.close());
  return definitions;
}

function instructionsOf(loaded: LoadedWorkflow | undefined): string | undefined {
  return loaded?.usable === true ? loaded.pinned.definition.steps[0]?.instructions : undefined;
}

describe('names', () => {
  test('are those of folders with an index, sorted', async () => {
    const root = folderOf({
      ...workflow('b'),
      ...workflow('A b'),
      ...workflow('AGENT_STATES'),
      ...workflow('_shared'),
      ...workflow('.git'),
      'no-index/steps.md': '',
      'file.md': '',
      'line\nbreak/index.md': '',
    });
    const definitions = open([root]);
    expect(await definitions.names()).toEqual(['A b', 'b']);
    expect((await definitions.find('AGENT_STATES'))?.usable).toBe(true);
    expect(await definitions.find('no-index')).toBeUndefined();
  });

  test('follow what comes and goes', async () => {
    const root = folderOf({ ...workflow('a'), 'b/only.md': stepText() });
    const definitions = open([root, join(root, 'later')], 0);
    expect(await definitions.names()).toEqual(['a']);
    writeFiles(root, { 'b/index.md': '- [only](only.md)' });
    expect(await definitions.names()).toEqual(['a', 'b']);
    writeFiles(root, workflow('c'));
    rmSync(join(root, 'a', 'index.md'));
    expect(await definitions.names()).toEqual(['b', 'c']);
    rmSync(join(root, 'b'), { recursive: true });
    writeFiles(root, workflow('later/d'));
    expect(await definitions.names()).toEqual(['c', 'd']);
  });

  test('roots that are missing or no folders hold no workflows', async () => {
    const root = folderOf({ file: '' });
    expect(await open([join(root, 'missing'), join(root, 'file')]).names()).toEqual([]);
    expect(await open([]).list({ limit: 10 })).toEqual({ items: [] });
  });
});

describe('several roots', () => {
  test('the earlier wins, as soon as it has the workflow', async () => {
    const base = folderOf({
      ...workflow('one/W', 'one'),
      ...workflow('two/W', 'two'),
      ...workflow('two/X', 'two'),
    });
    const definitions = open([join(base, 'one'), join(base, 'two')]);
    expect(await definitions.names()).toEqual(['W', 'X']);
    expect(instructionsOf(await definitions.find('W'))).toBe('one');
    expect(instructionsOf(await definitions.find('X'))).toBe('two');
    awaitFileClock();
    writeFiles(base, workflow('one/X', 'one'));
    expect(instructionsOf(await definitions.find('X'))).toBe('one');
    rmSync(join(base, 'one', 'W'), { recursive: true });
    expect(instructionsOf(await definitions.find('W'))).toBe('two');
  });

  test('a file of one root may include one of another', async () => {
    const base = folderOf({
      ...workflow('one/W', '{{file:../../two/shared.md}}'),
      'two/shared.md': 'shared',
    });
    expect(instructionsOf(await open([join(base, 'one'), join(base, 'two')]).find('W'))).toBe('shared');
    expect((await open([join(base, 'one')]).find('W'))?.usable).toBe(false);
  });
});

describe('list', () => {
  test('pages through the names, broken ones with their errors', async () => {
    const root = folderOf({ ...workflow('a'), ...workflow('c'), 'b/index.md': 'No steps.' });
    const definitions = open([root]);
    const first = await definitions.list({ limit: 2 });
    expect(first.items.map(({ name, usable }) => [name, usable])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(first.items[1]?.diagnostics).toMatchObject([{ ruleId: 'no-steps', file: 'b/index.md' }]);
    const second = await definitions.list({
      limit: 2,
      ...(first.nextCursor !== undefined && { cursor: first.nextCursor }),
    });
    expect(second.items.map(({ name }) => name)).toEqual(['c']);
    expect(second).not.toHaveProperty('nextCursor');
  });

  test('goes on where the last name was, even if that is gone, and takes any cursor', async () => {
    const root = folderOf({ ...workflow('a'), ...workflow('b'), ...workflow('c') });
    const definitions = open([root]);
    const { nextCursor = '' } = await definitions.list({ limit: 2 });
    rmSync(join(root, 'b'), { recursive: true });
    expect((await definitions.list({ limit: 2, cursor: nextCursor })).items.map(({ name }) => name)).toEqual([
      'c',
    ]);
    expect((await definitions.list({ limit: 0, cursor: '!' })).items).toHaveLength(1);
  });
});

describe('find', () => {
  test('reads again only what changed', async () => {
    const root = folderOf({ ...workflow('a', 'old'), ...workflow('b') });
    const definitions = open([root]);
    awaitFileClock();
    const [a, b] = [await definitions.find('a'), await definitions.find('b')];
    expect(await definitions.find('a')).toBe(a);
    writeFiles(root, workflow('a', 'new'));
    expect(instructionsOf(await definitions.find('a'))).toBe('new');
    expect(await definitions.find('b')).toBe(b);
  });

  test.each<[string, (root: string) => void]>([
    ['an include', (root) => writeFiles(root, { 'shared.md': 'new' })],
    ['a missing file that appears', (root) => writeFiles(root, { 'a/missing.md': 'new' })],
    [
      'a file of the same size and the same mtime',
      (root) => {
        writeFiles(root, { 'shared.md': 'OLD' });
        utimesSync(join(root, 'shared.md'), OLD_STAMP, OLD_STAMP);
      },
    ],
    [
      'a file that is replaced',
      (root) => {
        writeFiles(root, { 'fresh.md': 'OLD' });
        renameSync(join(root, 'fresh.md'), join(root, 'shared.md'));
      },
    ],
    [
      'a folder on the way that becomes a link',
      (root) => {
        writeFiles(root, { 'b/missing.md': 'new' });
        renameSync(join(root, 'a'), join(root, 'a-aside'));
        symlinkSync('a-aside', join(root, 'a'));
      },
    ],
  ])('notices %s', async (_kind, change) => {
    const root = folderOf({
      ...workflow('a', '{{file:../shared.md}}\n{{file:missing.md}}'),
      'shared.md': 'old',
    });
    utimesSync(join(root, 'shared.md'), OLD_STAMP, OLD_STAMP);
    const definitions = open([root]);
    const before = await definitions.find('a');
    expect(await definitions.find('a')).toBe(before);
    awaitFileClock();
    change(root);
    expect(await definitions.find('a')).not.toBe(before);
  });

  test('does not trust the stamp of a file that was written a moment ago', async () => {
    const root = folderOf(workflow('a', 'old'));
    const definitions = open([root], 0);
    for (let time = 0; time < 200; time += 1) {
      const text = String(time).padStart(3, '0');
      writeFileSync(join(root, 'a', 'only.md'), stepText({ instructions: text }));
      expect(instructionsOf(await definitions.find('a'))).toBe(text);
    }
  });

  test('a broken workflow can be mended, and broken again', async () => {
    const root = folderOf(workflow('a'));
    const definitions = open([root]);
    for (const [content, usable] of [
      ['', false],
      [stepText(), true],
      ['# Nothing', false],
    ] as const) {
      awaitFileClock();
      writeFiles(root, { 'a/only.md': content });
      expect((await definitions.find('a'))?.usable).toBe(usable);
    }
    rmSync(join(root, 'a'), { recursive: true });
    expect(await definitions.find('a')).toBeUndefined();
    writeFiles(root, workflow('a'));
    expect((await definitions.find('a'))?.usable).toBe(true);
  });

  test('many callers at once get the same', async () => {
    const root = folderOf(workflow('a'));
    const definitions = open([root]);
    const found = await Promise.all(Array.from({ length: 20 }, () => definitions.find('a')));
    expect(new Set(found).size).toBe(1);
  });

  test('equal content has an equal hash, whatever it is named and wherever it is', async () => {
    const [one, other] = [folderOf(workflow('a')), folderOf(workflow('a'))];
    const [first, second] = [await open([one]).find('a'), await open([other]).find('a')];
    expect(
      first?.usable === true && second?.usable === true && first.pinned.hash === second.pinned.hash,
    ).toBe(true);
  });
});

describe('onChange', () => {
  test('tells what find and names noticed by themselves, each once', async () => {
    const root = folderOf({ ...workflow('a', 'old'), ...workflow('b') });
    const definitions = open([root]);
    const changes: string[] = [];
    const stop = definitions.onChange(({ names }) => changes.push(names.join()));
    await definitions.list({ limit: 10 });
    expect(changes).toEqual([]);
    awaitFileClock();
    writeFiles(root, workflow('a', 'new'));
    await definitions.find('a');
    await definitions.find('a');
    expect(changes).toEqual(['a']);
    // The same content in a new file is no change.
    awaitFileClock();
    writeFiles(root, workflow('a', 'new'));
    await definitions.find('a');
    expect(changes).toEqual(['a']);
    writeFiles(root, workflow('c'));
    rmSync(join(root, 'b'), { recursive: true });
    await definitions.names();
    expect(changes).toEqual(['a', 'c,b']);
    await definitions.find('c');
    rmSync(join(root, 'c'), { recursive: true });
    expect(await definitions.find('b')).toBeUndefined();
    expect(await definitions.find('c')).toBeUndefined();
    await definitions.names();
    expect(changes).toEqual(['a', 'c,b', 'c']);
    stop();
    writeFiles(root, workflow('a', 'newer'));
    await definitions.find('a');
    expect(changes).toHaveLength(3);
  });

  test('hears of changes that nobody asked about', async () => {
    const root = folderOf(workflow('a', 'old'));
    const definitions = open([root]);
    await definitions.find('a');
    const changed = new Promise<readonly string[]>((resolve) =>
      definitions.onChange(({ names }) => resolve(names)),
    );
    // The watcher says nowhere that it is ready, so files are changed until it notices.
    const writing = setInterval(() => writeFiles(root, workflow('a', `new ${Math.random()}`)), 100);
    onTestFinished(() => clearInterval(writing));
    expect(await changed).toEqual(['a']);
  });

  test('a listener that throws harms no other', async () => {
    const root = folderOf(workflow('a'));
    const definitions = open([root]);
    const changes: string[] = [];
    definitions.onChange(() => {
      throw new Error('broken listener');
    });
    definitions.onChange(({ names }) => changes.push(...names));
    await definitions.names();
    awaitFileClock();
    mkdirSync(join(root, 'b'));
    writeFiles(root, workflow('b'));
    await definitions.names();
    expect(changes).toEqual(['b']);
  });
});
