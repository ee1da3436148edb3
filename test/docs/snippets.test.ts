import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readStubScript } from '../../src/ai/stub/script.ts';
import { toolListing } from '../../src/mcp/tool-listing.ts';
import { loadTools } from '../../src/mcp/toolsets.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Block, ROOT, readDocuments } from './documents.ts';

const documents = readDocuments();

function blocksIn(language: string) {
  return documents.flatMap(({ path, blocks }) =>
    blocks.filter((block) => block.language === language).map((block) => ({ path, ...block })),
  );
}

test.each(blocksIn('json'))('$path, line $line is JSON', ({ text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

test.each(blocksIn('yaml'))('$path, line $line is YAML', ({ text }) => {
  expect(() => parse(text)).not.toThrow();
});

describe('workflows', () => {
  test.each(shownWorkflows())('the one in $path, "$heading", lints clean', async ({ files }) => {
    const folder = join(temporaryFolder(), 'SHOWN');
    for (const { file = '', text } of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), `${text}\n`);
    }
    expect(await lint(dirname(folder))).toEqual({ workflows: ['SHOWN'], diagnostics: [] });
  });

  test('the one in the README is the example, which lints clean', async () => {
    const shown = documents[0]?.blocks.find(({ language }) => language === 'markdown')?.text ?? '';
    const [, ...parts] = shown.split(/^<!-- GREEN_TESTS\/(\S+) -->\n/m);
    const names = parts.filter((_, index) => index % 2 === 0);
    const texts = parts.filter((_, index) => index % 2 === 1).map((text) => text.trimEnd());
    const examples = join(ROOT, 'docs', 'examples');
    const onDisk = await Promise.all(
      names.map((name) => readFile(join(examples, 'GREEN_TESTS', name), 'utf8')),
    );
    expect(names).toEqual(['index.md', 'run_tests.md', 'fix_tests.md']);
    expect(texts).toEqual(onDisk.map((text) => text.trimEnd()));
    expect(await lint(examples)).toEqual({ workflows: ['GREEN_TESTS'], diagnostics: [] });
  });
});

test.each([
  ['stub-script.json', 3],
  ['stub-tasks.json', 5],
  ['stub-calls.json', 1],
])('the script %s of the stub can be played', async (name, entries) => {
  const scripts = blocksIn('json').filter(({ file }) => file === name);
  expect(scripts).toHaveLength(1);
  const path = join(temporaryFolder(), name);
  await writeFile(path, scripts[0]?.text ?? '');
  expect(readStubScript(path)).toHaveLength(entries);
});

test('the README tells what the tools of the default toolset cost', async () => {
  const bytes = (await loadTools(['workflows']))
    .map((tool) => toolListing(tool, { hasServers: false }))
    .flatMap(({ name, description, inputSchema }) => [name, description, JSON.stringify(inputSchema)])
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  expect(documents[0]?.text).toContain(`take ${Math.round(bytes / 4)} tokens`);
});

/** The blocks below one heading that are said to be files, with an `index.md` among them. */
function shownWorkflows() {
  return documents.flatMap(({ path, blocks }) => {
    const byHeading = new Map<string, Block[]>();
    for (const block of blocks) {
      if (block.language === 'markdown' && block.file !== undefined)
        byHeading.set(block.heading, [...(byHeading.get(block.heading) ?? []), block]);
    }
    return [...byHeading]
      .filter(([, files]) => files.some(({ file }) => file === 'index.md'))
      .map(([heading, files]) => ({ path, heading, files }));
  });
}

async function lint(folder: string): Promise<unknown> {
  const args = [join(ROOT, 'dist', 'main.mjs'), 'lint', folder, '--json'];
  // Exit code 1 means that there are errors, which the output shows.
  const { stdout } = await promisify(execFile)(process.execPath, args).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout);
}
