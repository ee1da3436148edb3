import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ServerSpec } from '../../../src/hub/hub.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { composerSubject } from './composer-subject.ts';

const subject = composerSubject();
const require = createRequire(import.meta.url);

function reference(name: string, args: readonly string[] = [], env = {}): ServerSpec {
  const file = require.resolve(`@modelcontextprotocol/server-${name}/dist/index.js`);
  return { command: process.execPath, args: [file, ...args], env };
}

test('one script over the everything, filesystem and memory servers', async () => {
  const folder = realpathSync(temporaryFolder());
  const files = join(folder, 'files');
  mkdirSync(files);
  const hub = subject.openHub({
    everything: reference('everything'),
    files: reference('filesystem', [files]),
    memory: reference('memory', [], { MEMORY_FILE_PATH: join(folder, 'memory.json') }),
  });
  const { composer, execute } = await subject.open({ hub });
  const code = `
    interface Entity { readonly name: string; readonly entityType: string; readonly observations: readonly string[] }
    const names: string[] = ['ada', 'grace', 'alan'];
    const sums: string[] = await Promise.all(
      names.map(async (name, index) => String(await everything__get_sum({ a: index, b: name.length }))),
    );
    let written = 0;
    for (const [index, name] of names.entries()) {
      if (name === 'alan') continue;
      await files__write_file({ path: folder + '/' + name + '.txt', content: sums[index]! });
      written += 1;
    }
    let failure: unknown;
    try {
      await files__read_text_file({ path: folder + '/alan.txt' });
    } catch (error: any) {
      failure = { server: error.server, tool: error.tool, kind: error.kind, seq: error.seq, line: error.line };
    }
    const entities: Entity[] = names.map((name, index) => ({ name, entityType: 'person', observations: [sums[index]!] }));
    await memory__create_entities({ entities });
    const found = (await memory__search_nodes({ query: 'grace' })) as { entities: Entity[] };
    console.log('wrote', written);
    return { written, failure, found: found.entities.map(({ name }) => name), listed: await files__list_directory({ path: folder }) };`;
  const params = { runId: 'three servers', constants: { folder: files } };
  const result = await execute(code, params);
  expect(result).toMatchObject({
    status: 'completed',
    output: 'wrote 2\n',
    result: {
      written: 2,
      failure: { server: 'files', tool: 'read_text_file', kind: 'tool_error', seq: 6, line: 15 },
      found: ['grace'],
    },
  });
  expect(result.calls.map(({ server, tool, ok }) => `${server} ${tool} ${ok}`)).toEqual([
    ...names.map(() => 'everything get-sum true'),
    'files write_file true',
    'files write_file true',
    'files read_text_file false',
    'memory create_entities true',
    'memory search_nodes true',
    'files list_directory true',
  ]);
  expect(readFileSync(join(files, 'grace.txt'), 'utf8')).toContain('6');
  expect(await execute(code, params)).toEqual({ ...result, replayed: true });

  const { tools } = await composer.searchTools('read a text file');
  expect(tools[0]?.name).toBe('files__read_text_file');
  const text = await composer.documentation({ query: 'create entities' });
  expect(text).toMatch(/declare function memory__create_entities\(args: \{/);
});

const names = ['ada', 'grace', 'alan'];
