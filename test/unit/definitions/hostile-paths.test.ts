import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDefinitions } from '../../../src/definitions/create-definitions.ts';
import { createWorkflowLoader } from '../../../src/definitions/load-workflow.ts';
import { readTextFile } from '../../../src/definitions/read-text-file.ts';
import { openRootFolders } from '../../../src/definitions/root-folders.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { folderOf, stepText, writeFiles } from '../../support/written-files.ts';

const SECRET = 'the-secret-outside';

/** A workflows folder, with secrets and traps around and in it. */
function trapFolder(): string {
  const base = folderOf({
    'secret.md': stepText({ instructions: SECRET }),
    'workflows-evil/secret.md': stepText({ instructions: SECRET }),
    'workflows.md': stepText({ instructions: SECRET }),
    'outside/steps/step.md': stepText({ instructions: SECRET }),
    'outside/index.md': `- [a](steps/step.md)\n\n${SECRET}`,
    'workflows/WF/index.md': '',
    'workflows/WF/inner/ok.md': stepText({ instructions: 'inside' }),
  });
  const folder = join(base, 'workflows', 'WF');
  symlinkSync(join(base, 'secret.md'), join(folder, 'file-link.md'));
  symlinkSync('../../secret.md', join(folder, 'relative-link.md'));
  symlinkSync('file-link.md', join(folder, 'chain.md'));
  symlinkSync(join(base, 'outside'), join(folder, 'folder-link'));
  symlinkSync('..', join(folder, 'inner', 'up'));
  symlinkSync('/proc/self/environ', join(folder, 'environ.md'));
  symlinkSync('/proc/self/cwd', join(folder, 'cwd'));
  symlinkSync('/proc/self/root', join(folder, 'root'));
  symlinkSync('/dev/zero', join(folder, 'zero.md'));
  symlinkSync('/dev/tty', join(folder, 'tty.md'));
  symlinkSync('loop-b.md', join(folder, 'loop-a.md'));
  symlinkSync('loop-a.md', join(folder, 'loop-b.md'));
  symlinkSync('nowhere.md', join(folder, 'dangling.md'));
  mkdirSync(join(folder, 'directory.md'));
  execFileSync('mkfifo', [join(folder, 'pipe.md')]);
  return base;
}

const PAYLOADS = (base: string): readonly string[] => {
  const climbs = ['secret.md', 'workflows-evil/secret.md', 'workflows.md', 'outside/steps/step.md'].flatMap(
    (target) => [
      `../../${target}`,
      `./../../${target}`,
      `inner/../../../${target}`,
      `inner/up/../../../${target}`,
      `..//..//${target}`,
      `../..\\${target}`,
      `..\\..\\${target}`,
      `%2e%2e/%2e%2e/${target}`,
      `%2e%2e%2f%2e%2e%2f${target.replaceAll('/', '%2f')}`,
      `%252e%252e/%252e%252e/${target}`,
      `..%5c..%5c${target}`,
      `..%c0%af..%c0%af${target}`,
      `....//....//${target}`,
      `../../${target}%00.md`,
      `../../${target}\0.md`,
      join(base, target),
      `/${join(base, target)}`,
      `file://${join(base, target)}`,
    ],
  );
  return [
    ...climbs,
    'file-link.md',
    'relative-link.md',
    'chain.md',
    'folder-link/steps/step.md',
    'folder-link/../secret.md',
    'environ.md',
    '/proc/self/environ',
    `cwd/${'../'.repeat(12)}${join(base, 'secret.md').slice(1)}`,
    `root${join(base, 'secret.md')}`,
    'zero.md',
    'tty.md',
    'loop-a.md',
    'dangling.md',
    'directory.md',
    'pipe.md',
    '~/secret.md',
    '$HOME/secret.md',
    'C:\\secret.md',
    'C:/secret.md',
    '\\\\host\\share\\secret.md',
    `${'a/'.repeat(3_000)}secret.md`,
    `${'../'.repeat(300)}etc/passwd.md`,
    'inner/ok.md/../../../../secret.md',
    '.md',
    '/.md',
    '..md',
  ];
};

async function readingOf(base: string): Promise<string> {
  const root = join(base, 'workflows');
  const load = createWorkflowLoader({ limits: DEFAULT_LIMITS, nowMs: Date.now });
  return JSON.stringify(
    await load({ name: 'WF', folder: join(root, 'WF'), roots: await openRootFolders([root]) }),
  );
}

/** Lets other work go on for a while that is not measured in time. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn <= count; turn += 1) await new Promise(setImmediate);
}

describe('paths that workflow files name', () => {
  test('never lead out of the folder, nor into a pipe or device', async () => {
    const base = trapFolder();
    const payloads = PAYLOADS(base);
    expect(payloads.length).toBeGreaterThanOrEqual(60);
    for (const payload of payloads) {
      const nul = payload.includes('\0');
      for (const index of [`- [step](<${payload}>)\n`, `- [step](inner/ok.md)\n\n{{file:${payload}}}\n`]) {
        writeFiles(base, { 'workflows/WF/index.md': index });
        const reading = await readingOf(base);
        expect(reading, payload.slice(0, 80)).not.toContain(SECRET);
        expect(reading, payload.slice(0, 80)).not.toContain('root:x:');
        expect(reading.includes('"parsed"'), payload.slice(0, 80)).toBe(false);
        if (nul) expect(reading).toContain('file-not-text');
      }
    }
  });

  test('a link within the folder is as good as the file', async () => {
    const base = trapFolder();
    symlinkSync('inner/ok.md', join(base, 'workflows', 'WF', 'inside.md'));
    writeFiles(base, { 'workflows/WF/index.md': '- [a](inside.md)\n- [b](inner/up/inner/ok.md)\n' });
    expect(await readingOf(base)).toContain('"parsed"');
  });

  test('a workflow, an index or a root may be reached by links, but only inside', async () => {
    const base = trapFolder();
    const root = join(base, 'workflows');
    symlinkSync(join(base, 'outside'), join(root, 'OUTSIDE'));
    symlinkSync('WF', join(root, 'ALIAS'));
    writeFiles(base, { 'workflows/WF/index.md': '- [a](inner/ok.md)\n' });
    mkdirSync(join(root, 'LINKED_INDEX'));
    symlinkSync(join(base, 'outside', 'index.md'), join(root, 'LINKED_INDEX', 'index.md'));
    mkdirSync(join(root, 'PIPE'));
    execFileSync('mkfifo', [join(root, 'PIPE', 'index.md')]);
    symlinkSync(root, join(base, 'linked-root'));
    const definitions = createDefinitions({
      roots: [join(base, 'linked-root')],
      limits: DEFAULT_LIMITS,
      logger: silentLogger,
    });
    const { items } = await definitions.list({ limit: 10 });
    expect(items.map(({ name, usable }) => [name, usable])).toEqual([
      ['ALIAS', true],
      ['LINKED_INDEX', false],
      ['OUTSIDE', false],
      ['PIPE', false],
      ['WF', true],
    ]);
    expect(JSON.stringify(items)).not.toContain(SECRET);
    await definitions.close();
  });

  test.each([
    '..',
    '.',
    '',
    '../outside',
    'WF/../../outside',
    '/etc',
    'WF\0',
    'a\\b',
    '_hidden',
    '.git',
    'x'.repeat(300),
  ])('a name is one component of a path: %j', async (name) => {
    const base = trapFolder();
    const definitions = createDefinitions({
      roots: [join(base, 'workflows')],
      limits: DEFAULT_LIMITS,
      logger: silentLogger,
    });
    expect(await definitions.find(name)).toBeUndefined();
  });

  test('what is swapped in after the check is not read', async () => {
    const base = folderOf({
      'outside/step.md': SECRET,
      'root/WF/steps/step.md': 'inside',
      'root/WF/other.md': 'inside',
    });
    const steps = join(base, 'root', 'WF', 'steps');
    const roots = await openRootFolders([join(base, 'root')]);
    let swaps = 0;
    let isReading = true;
    const swapping = (async () => {
      while (isReading) {
        renameSync(steps, `${steps}-aside`);
        symlinkSync(join(base, 'outside'), steps);
        await turns(swaps % 4);
        rmSync(steps);
        renameSync(`${steps}-aside`, steps);
        await turns(swaps % 7);
        swaps += 1;
      }
    })();
    const outcomes = new Set<string>();
    for (let time = 0; time < 1_000; time += 1) {
      const outcome = await readTextFile({ path: join(steps, 'step.md'), roots, bytesMax: 1_000 });
      outcomes.add(outcome.ok ? outcome.file.text : outcome.problem);
    }
    isReading = false;
    await swapping;
    // Both prove that the reads really were interrupted.
    expect(swaps).toBeGreaterThan(10);
    expect(outcomes).toContain('outside');
    expect(outcomes).toContain('inside');
    expect([...outcomes].filter((outcome) => !['inside', 'missing', 'outside'].includes(outcome))).toEqual(
      [],
    );
  });
});
