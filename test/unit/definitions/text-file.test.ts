import { expect, test } from 'vitest';
import { joinPieces } from '../../../src/definitions/source-text.ts';
import { createTextFile } from '../../../src/definitions/text-file.ts';

const fileOf = (display: string, text: string) =>
  createTextFile({ path: `/${display}`, realPath: `/${display}`, display, text, hasByteOrderMark: false });

test('places are counted as editors do, whatever ends a line', () => {
  const file = fileOf('a.md', 'a\nbc\r\nd\re😀f');
  const places = [0, 1, 2, 4, 6, 8, 11].map((offset) => {
    const { line, column } = file.place(offset);
    return `${line}:${column}`;
  });
  expect(places).toEqual(['1:1', '1:2', '2:1', '2:3', '3:1', '4:1', '4:4']);
});

test('a text knows which file each part is from', () => {
  const [outer, inner] = [fileOf('outer.md', 'one\ntwo {{x}} three'), fileOf('inner.md', 'in\nner')];
  const source = joinPieces(
    [
      { text: 'two ', file: outer, offset: 4 },
      { text: 'in\nner', file: inner, offset: 0 },
      { text: ' three', file: outer, offset: 13 },
    ],
    outer,
  );
  expect(source.text).toBe('two in\nner three');
  expect(source.locate(0)).toEqual({ file: 'outer.md', place: { line: 2, column: 1 } });
  expect(source.locate(8)).toEqual({ file: 'inner.md', place: { line: 2, column: 2 } });
  expect(source.locate(11)).toEqual({ file: 'outer.md', place: { line: 2, column: 11 } });
  expect(source.fileAt(5)).toBe(inner);
});

test('an empty text is at the start of its file', () => {
  const file = fileOf('empty.md', '');
  expect(joinPieces([], file).locate(0)).toEqual({ file: 'empty.md', place: { line: 1, column: 1 } });
});
