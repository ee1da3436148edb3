import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { EngineModules } from './messages.ts';

/** Reads and compiles the engine, and its extensions that every version of Node can compile. */
export async function loadEngineModules(): Promise<EngineModules> {
  const [engine, ...extensions] = await Promise.all([
    compile('quickjs.wasm'),
    ...['encoding', 'structured-clone'].map(async (name) => ({ name, wasm: await compile(`${name}.so`) })),
  ]);
  return { engine, extensions };
}

async function compile(name: string): Promise<WebAssembly.Module> {
  const file = createRequire(import.meta.url).resolve(`quickjs-wasi/${name}`);
  return WebAssembly.compile(await readFile(file));
}
