import { transform } from 'sucrase';
import { createSourceMap, type SourceMap } from './source-map.ts';

/** JavaScript, and the way back to the script as it was written. */
export interface Transpiled {
  readonly code: string;
  readonly map: SourceMap;
}

/** Why a script cannot be read, and where. */
export interface ParseProblem {
  readonly message: string;
  /** From 1. */
  readonly line?: number;
  readonly column?: number;
}

/** Takes the types out of TypeScript. The parser is known to need very long for some small inputs. */
export function transpile(source: string): Transpiled | { readonly problem: ParseProblem } {
  try {
    const { code, sourceMap } = transform(source, {
      transforms: ['typescript'],
      // The engine knows the language as it is today.
      disableESTransforms: true,
      keepUnusedImports: true,
      filePath: 'script.ts',
      sourceMapOptions: { compiledFilename: 'script.js' },
    });
    const problem = droppedNamespace(source, code);
    return problem === undefined ? { code, map: createSourceMap(sourceMap?.mappings ?? '') } : { problem };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** What the engine says of the most frequent mistake would help nobody. */
export function explained(source: string, problem: ParseProblem): ParseProblem {
  const line = source.split('\n')[(problem.line ?? 0) - 1] ?? '';
  if (!/^\s*(?:import|export)\b/.test(line)) return problem;
  return {
    ...problem,
    message: 'a script imports and exports nothing; it calls functions, and returns its result',
  };
}

const NAMESPACE = /^[ \t]*(?:export[ \t]+)?(?:namespace|module)[ \t]+[\w$.]+[ \t]*\{/gm;

/** The parser takes namespaces for types, and leaves them out with all their code; what only looks like one is still there. */
function droppedNamespace(source: string, code: string): ParseProblem | undefined {
  for (const { 0: text, index } of source.matchAll(NAMESPACE)) {
    if (code.includes(text)) continue;
    const line = source.slice(0, index).split('\n').length;
    return { message: 'a script has no namespaces; use an object or functions', line, column: 1 };
  }
  return undefined;
}

function problemOf(error: unknown): ParseProblem {
  if (error instanceof RangeError) return { message: 'it is nested too deeply' };
  const message = error instanceof Error ? error.message : String(error);
  const { line, column } = (error as { loc?: { line?: number; column?: number } }).loc ?? {};
  // The parser wraps its sentence into the file's name and the place.
  const sentence = message.replace(/^Error transforming script\.ts: /, '').replace(/ \(\d+:\d+\)$/, '');
  return { message: sentence, line, column };
}
