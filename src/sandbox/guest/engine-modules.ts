import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** One WebAssembly library that is loaded into every virtual machine. */
export interface ExtensionModule {
  readonly name: string;
  readonly wasm: WebAssembly.Module;
}

/** What virtual machines are made of. */
export interface EngineModules {
  readonly engine: WebAssembly.Module;
  readonly extensions: readonly ExtensionModule[];
}

/** Reads and compiles the engine, and its extensions that every version of Node can compile. */
export async function loadEngineModules(): Promise<EngineModules> {
  const [engine, ...extensions] = await Promise.all([
    compile('quickjs.wasm'),
    ...['encoding', 'structured-clone'].map(async (name) => ({ name, wasm: await compile(`${name}.so`) })),
  ]);
  return { engine, extensions };
}

/** A thread that compiles what another one has compiled shares the code with it: that is how WebAssembly is kept in Node. */
async function compile(name: string): Promise<WebAssembly.Module> {
  const file = createRequire(import.meta.url).resolve(`quickjs-wasi/${name}`);
  return WebAssembly.compile(await readFile(file));
}
