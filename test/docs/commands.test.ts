import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Exchange, fits, ID, normalize, readExchanges } from './console-blocks.ts';
import { ROOT, readDocuments } from './documents.ts';

const documents = readDocuments()
  .map(({ path, blocks }) => ({ path, blocks: blocks.filter(({ language }) => language === 'console') }))
  .filter(({ blocks }) => blocks.length > 0);

/** Where the documents pretend to be installed. */
const SHOWN_HOME = '/home/me';
const SHOWN_ROOT = `${SHOWN_HOME}/orchestrator-mcp-server`;
const SHOWN_NODE = '/usr/bin/node';

// The commands are written for a POSIX shell.
describe.skipIf(process.platform === 'win32').each(documents)('$path', ({ blocks }) => {
  let home: string;
  /** The ids that were printed, by those that are shown in their place. */
  const ids = new Map<string, string>();

  beforeAll(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'orchestrator-docs-')));
    const bin = join(home, 'bin');
    await mkdir(bin);
    const command = join(bin, 'orchestrator-mcp');
    await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${ROOT}dist/main.mjs" "$@"\n`);
    await chmod(command, 0o755);
  });

  afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

  test.each(blocks)('prints what is shown in line $line', async ({ text }) => {
    const exchanges = readExchanges(text);
    expect(exchanges.length).toBeGreaterThan(0);
    for (const exchange of exchanges) {
      const printed = await run(exchange);
      rememberIds(exchange.printed.join('\n'), printed);
      const shown = normalize(exchange.printed);
      const lines = normalize(printed.split('\n'));
      expect(fits(shown, lines) ? shown : lines).toEqual(shown);
    }
  });

  /** Runs a command in the project's folder, with a home folder and a database of the document's own. */
  async function run({ command }: Exchange): Promise<string> {
    const real = command.replace(ID, (id) => ids.get(id) ?? id);
    const env = {
      PATH: `${join(home, 'bin')}${delimiter}${process.env.PATH ?? ''}`,
      HOME: home,
      WORKFLOW_DB_PATH: join(home, 'runs', 'workflows.sqlite'),
    };
    const output = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', `exec 2>&1; ${real}`], { cwd: ROOT, env }, (_exit, stdout) => resolve(stdout));
    });
    return output
      .replaceAll(home, SHOWN_HOME)
      .replaceAll(ROOT, `${SHOWN_ROOT}/`)
      .replaceAll(process.execPath, SHOWN_NODE);
  }

  function rememberIds(shown: string, printed: string): void {
    const real = printed.match(ID) ?? [];
    for (const [index, id] of (shown.match(ID) ?? []).entries()) {
      const replacement = real[index];
      if (replacement !== undefined && !ids.has(id)) ids.set(id, replacement);
    }
  }
});
