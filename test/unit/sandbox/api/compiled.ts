import ts from 'typescript';

/** As much of the standard library as types need. */
const LIBRARY = `
interface Array<T> { readonly length: number; [index: number]: T }
interface ReadonlyArray<T> { readonly length: number; readonly [index: number]: T }
interface Promise<T> { then(onfulfilled: (value: T) => void): void }
interface Boolean {} interface CallableFunction {} interface Function {} interface IArguments {}
interface NewableFunction {} interface Number {} interface Object {} interface RegExp {} interface String {}
`;
const OPTIONS: ts.CompilerOptions = { noLib: true, strict: true, noEmit: true, types: [] };
const library = ts.createSourceFile('library.d.ts', LIBRARY, ts.ScriptTarget.ES2023, true);

/** What the compiler has against a text. */
export function problemsOf(text: string): readonly string[] {
  const files = new Map([
    ['library.d.ts', library],
    ['api.ts', ts.createSourceFile('api.ts', text, ts.ScriptTarget.ES2023, true)],
  ]);
  const program = ts.createProgram([...files.keys()], OPTIONS, {
    getSourceFile: (name) => files.get(name),
    getDefaultLibFileName: () => 'library.d.ts',
    writeFile() {},
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => files.has(name),
    readFile: () => undefined,
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const place = file?.text.slice(Math.max(0, (start ?? 0) - 40), (start ?? 0) + 80) ?? '';
    return `${ts.flattenDiagnosticMessageText(messageText, ' ')} at: ${place}`;
  });
}

/** The statements of a text, by their kinds: a hostile text is to add none. */
export function statementsOf(text: string): readonly string[] {
  return ts
    .createSourceFile('api.ts', text, ts.ScriptTarget.ES2023, true)
    .statements.map(({ kind }) => ts.SyntaxKind[kind] ?? '');
}
