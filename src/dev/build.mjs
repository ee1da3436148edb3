import { existsSync } from 'node:fs';
import { chmod, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { writeDeclarations } from './declarations.mjs';
import { thirdPartyNotices } from './third-party-notices.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const DIST = join(ROOT, 'dist');
/** What other programs import. */
const LIBRARY = 'src/hub/library.ts';
/** Besides that the program, what `npm start` shows, and what runs in threads of its own. */
const ENTRIES = ['src/main.ts', 'src/demo/demo.ts', 'src/sandbox/guest/sandbox-worker.ts', LIBRARY];

/** Compiled for the machine, read as files of WebAssembly, or large and needed by few: these stay packages of their own. */
const EXTERNAL = ['better-sqlite3', 'quickjs-wasi', '@google/genai', 'openai'];

// CommonJS packages inside the bundle ask for Node's modules with `require`, which ES modules do not have.
const BANNER = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/** Our messages are English: zod's other sixty languages would be a sixth of what is loaded at every start. */
const englishOnly = {
  name: 'english-only',
  setup(bundler) {
    bundler.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/**
 * Bundles the program into `dist`. One file loads faster than hundreds; what is imported dynamically becomes a
 * file of its own, so that it is read only when it is used.
 */
export async function buildDist() {
  const before = existsSync(DIST) ? await filesIn(DIST) : [];
  const { metafile } = await bundle({
    entryPoints: ENTRIES.filter((entry) => existsSync(join(ROOT, entry))),
    outdir: DIST,
  });
  await rm(join(DIST, 'types'), { recursive: true, force: true });
  await writeDeclarations({
    entryPoint: join(ROOT, LIBRARY),
    rootDir: join(ROOT, 'src'),
    outDir: join(DIST, 'types'),
  });
  await writeFile(
    join(DIST, 'third-party-licenses.txt'),
    await thirdPartyNotices(ROOT, Object.keys(metafile.inputs)),
  );
  await removeLeftovers(before, Object.keys(metafile.outputs));
}

/**
 * Bundles as the program is bundled, with the migrations beside it, whatever the entry points and wherever to.
 *
 * @param {{ entryPoints: string[], outdir: string, plugins?: import('esbuild').Plugin[] }} params
 */
export async function bundle({ entryPoints, outdir, plugins = [] }) {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: EXTERNAL,
    plugins: [englishOnly, ...plugins],
    banner: { js: BANNER },
    minifySyntax: true,
    minifyWhitespace: true,
    // Node shows the line that threw what nobody has caught.
    lineLimit: 200,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  await makeExecutable(join(outdir, 'main.mjs'));
  await cp(join(ROOT, 'src', 'store', 'migrations'), join(outdir, 'migrations'), { recursive: true });
  return result;
}

async function makeExecutable(file) {
  if (!existsSync(file)) return;
  const text = await readFile(file, 'utf8');
  if (!text.startsWith('#!')) await writeFile(file, `#!/usr/bin/env node\n${text}`);
  await chmod(file, 0o755);
}

/** What an earlier build made and this one did not. Last, so that a running program loses nothing before it must. */
async function removeLeftovers(before, outputs) {
  const made = new Set(outputs.map((output) => join(ROOT, output)));
  const leftovers = before.filter((file) => file.endsWith('.mjs') && !made.has(file));
  for (const file of leftovers) await rm(file, { force: true });
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildDist().catch((error) => {
    // What is wrong with the sources has been printed, each problem with its place.
    if (error.errors === undefined) throw error;
    process.exitCode = 1;
  });
}
