import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/**
 * Writes the types of a module, and of all modules that they mention, so that other programs can import it.
 *
 * @param {{ entryPoint: string, rootDir: string, outDir: string }} params absolute paths; the files in `outDir` lie as
 *   they do in `rootDir`
 */
export async function writeDeclarations({ entryPoint, rootDir, outDir }) {
  const declarations = declarationsOf(entryPoint);
  const wanted = [entryPoint];
  // The list grows while it is walked.
  for (const file of wanted) {
    const text = declarations.get(file);
    if (text === undefined) throw new Error(`${file} has no types.`);
    const target = join(outDir, relative(rootDir, file)).replace(/\.ts$/, '.d.ts');
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    for (const [, specifier] of text.matchAll(/\bfrom '(\.[^']+)'/g)) {
      const mentioned = join(dirname(file), specifier);
      if (!wanted.includes(mentioned)) wanted.push(mentioned);
    }
  }
}

/** By the file that they are of. Nothing is checked here: `npm run check` does that. */
function declarationsOf(entryPoint) {
  const program = ts.createProgram([entryPoint], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    strict: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: true,
  });
  const declarations = new Map();
  program.emit(undefined, (_path, text, _bom, _onError, [source]) => declarations.set(source.fileName, text));
  return declarations;
}
