import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { migrationsLag } from './migrations-lag.ts';
import { cliPage } from './reference/cli-page.ts';
import { configurationPage } from './reference/configuration-page.ts';
import { errorsPage } from './reference/errors-page.ts';
import { rulesPage } from './reference/rules-page.ts';
import { toolsPage } from './reference/tools-page.ts';

// Writes what is made from the code; with --check, says what differs from it and writes nothing.

const pages = [
  { file: 'docs/reference/cli.md', text: cliPage() },
  { file: 'docs/reference/configuration.md', text: configurationPage() },
  { file: 'docs/reference/errors.md', text: errorsPage() },
  { file: 'docs/reference/rules.md', text: rulesPage() },
  { file: 'docs/reference/tools.md', text: await toolsPage() },
];

if (process.argv.includes('--check')) {
  const stale: string[] = [];
  for (const { file, text } of pages)
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== text) stale.push(file);
  if (await migrationsLag()) stale.push('src/store/migrations');
  for (const file of stale)
    console.error(`${file} is not what the code makes of it; run "npm run generate".`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  await mkdir('docs/reference', { recursive: true });
  for (const { file, text } of pages) await writeFile(file, text);
}
