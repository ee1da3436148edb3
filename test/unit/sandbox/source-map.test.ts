import { expect, test } from 'vitest';
import { createSourceMap } from '../../../src/sandbox/guest/source-map.ts';
import { transpile } from '../../../src/sandbox/guest/transpile.ts';

test.each([
  ['const a: string = here;', 'here'],
  ['const f = <T,>(x: T): Array<Map<string, T>> => [new Map(), here(x as never)];', 'here'],
  ['interface A {\n  a: string;\n}\n\nlet b: A | undefined = here;', 'here'],
  ['enum E { A = 1, B = 2 }; type T = { a: 1 }; const c = (1 as number) + here.b!.c;', 'here'],
  ['class C<T> extends D<T> implements I { private x: number = 1; m?(): void; n() { return here } }', 'here'],
  ['const text: string = `one\ntwo $' + '{here}`', 'here'],
])('%j leads back to where it was written', (source, mark) => {
  const { code, map } = ok(source);
  const offset = code.indexOf(mark);
  const before = code.slice(0, offset).split('\n');
  const written = source.slice(0, source.indexOf(mark)).split('\n');
  expect(map({ line: before.length, column: (before.at(-1)?.length ?? 0) + 1 })).toEqual({
    line: written.length,
    column: (written.at(-1)?.length ?? 0) + 1,
  });
});

test('all lines keep their numbers', () => {
  const source = 'type A =\n  | 1\n  | 2;\n\nconst a: A = 1;\nfunction f(\n  x: number,\n): void {}\n// end';
  const lines = ok(source).code.split('\n');
  expect(lines.length).toBe(source.split('\n').length);
  expect(lines[4]).toContain('const a');
  expect(lines.at(-1)).toBe('// end');
});

test('a place that is not on the map is where it is', () => {
  const map = createSourceMap('');
  expect(map({ line: 3, column: 4 })).toEqual({ line: 3, column: 4 });
});

function ok(source: string) {
  const transpiled = transpile(source);
  if ('problem' in transpiled) throw new Error(transpiled.problem.message);
  return transpiled;
}
