import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ROOT, readDocuments } from './documents.ts';

test('the state that the guide adds fits the shipped ones', async () => {
  const guide = readDocuments().find(({ path }) => path === 'docs/guides/agent-sessions.md');
  const shown = guide?.blocks.filter(({ heading }) => heading === 'Add a state') ?? [];
  const texts = (language: string) =>
    shown.filter((block) => block.language === language).map(({ text }) => text);
  const [state = ''] = texts('markdown');
  const [transitions = ''] = texts('yaml');
  const [line = '', sentence = ''] = texts('text');

  const workflows = temporaryFolder();
  const folder = join(workflows, 'AGENT_STATES');
  await cp(join(ROOT, 'workflows', 'AGENT_STATES'), folder, { recursive: true });
  const edit = async (file: string, change: (text: string) => string) =>
    writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')));
  await edit('index.md', (text) => `${text.trimEnd()}\n${line}\n`);
  await writeFile(join(folder, 'states', 'debugging.md'), `${state}\n`);
  await edit('states/executing.md', (text) => {
    const body = text.replace(/^---\n[\s\S]*?\n---\n/, '');
    return `---\n${transitions}\n---\n${body}\n${sentence}\n`;
  });

  const args = [join(ROOT, 'dist', 'main.mjs'), 'lint', workflows, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({ workflows: ['AGENT_STATES'], diagnostics: [] });
  expect(await readFile(join(folder, 'states', 'executing.md'), 'utf8')).toContain('- to: DEBUGGING');
});
