import { execFile } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ROOT, readDocuments } from './documents.ts';

const page = readDocuments().find(({ path }) => path === 'docs/guides/downstream-servers.md');

/** A program's folder that has this package installed, and those that the example starts. */
function consumer(): string {
  const folder = realpathSync(temporaryFolder());
  const install = (name: string, target: string) => {
    const path = join(folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  };
  install('orchestrator-mcp-server', ROOT);
  const server = '@modelcontextprotocol/server-memory';
  install(server, join(ROOT, 'node_modules', server));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { [server]: '*' } }),
  );
  // What is installed has to do.
  writeFileSync(join(folder, '.npmrc'), 'offline=true\n');
  return folder;
}

test('the example prints what the guide says', async () => {
  const example = page?.blocks.find(({ file }) => file === 'orchestrate.mjs');
  const printed = page?.blocks.find(({ language }) => language === 'text');
  const folder = consumer();
  writeFileSync(join(folder, 'orchestrate.mjs'), example?.text ?? '');
  const { stdout } = await promisify(execFile)(process.execPath, ['orchestrate.mjs'], { cwd: folder });
  expect(stdout.trim()).toBe(printed?.text);
});

test('a fault that nobody catches is shown with a short line of the program', async () => {
  const folder = consumer();
  const code =
    "import { McpOrchestrator } from 'orchestrator-mcp-server'; new McpOrchestrator().createClient('a', 'b');";
  writeFileSync(join(folder, 'uncaught.mjs'), code);
  const run = promisify(execFile)(process.execPath, ['uncaught.mjs'], { cwd: folder });
  const { stderr } = await run.catch((error: { readonly stderr: string }) => error);
  expect(stderr).toContain('No downstream server is called "b".');
  expect(Math.max(...stderr.split('\n').map(({ length }) => length))).toBeLessThan(400);
});

test.each([
  ['NodeNext', { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  ['a bundler', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
])('the types are found by %s', (_name, options) => {
  const folder = consumer();
  const file = join(folder, 'consumer.ts');
  writeFileSync(
    file,
    `import { type DownstreamTool, Fault, loadMcpServersConfig, McpClient, McpOrchestrator, McpServerProcess } from 'orchestrator-mcp-server';
const server = new McpServerProcess({ name: 'a', command: 'b', framing: 'content-length' });
const client = new McpClient({ name: 'c', server });
export const tools: Promise<readonly DownstreamTool[]> = client.listTools();
export const retryable = (error: unknown): boolean => error instanceof Fault && error.code === 'SERVER_TIMEOUT';
export const listed = new McpOrchestrator(await loadMcpServersConfig('servers.json'));
// @ts-expect-error a server needs a command or a URL
new McpOrchestrator({ servers: { a: { args: [] } } });
`,
  );
  const program = ts.createProgram([file], {
    ...options,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    types: [],
    skipLibCheck: false,
  });
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  expect(problems).toEqual([]);
});
