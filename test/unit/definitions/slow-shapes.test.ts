import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBlocks } from '../../../src/definitions/markdown.ts';
import { estimateParseWork, NESTING_MAX, PARSE_WORK_MAX } from '../../../src/definitions/parse-work.ts';

const SIZE = 64 * 1024;
const filled = (shape: string) => shape.repeat(Math.ceil(SIZE / shape.length)).slice(0, SIZE);
const deepList = Array.from({ length: 245 }, (_, level) => `${'  '.repeat(level)}- a\n`).join('');

describe('shapes that are slow to parse', () => {
  test.each([
    ['lazy lines', `> a\n${filled('a\n')}`],
    ['underlined headings', filled('a\n=\n')],
    ['lists', filled('- a\n')],
    ['nested quotes', filled('>')],
    ['deep lists', deepList],
    ['lists in quotes', filled(`${'> - '.repeat(25)}a\n`)],
    ['definitions', filled('[a]: b\n')],
    ['open brackets', filled('[a]\n')],
    ['blank lines', filled('\n')],
  ])('%s are refused before they are parsed', (_kind, text) => {
    const { work, nesting } = estimateParseWork(text);
    expect(work > PARSE_WORK_MAX || nesting > NESTING_MAX).toBe(true);
    expect(parseBlocks(text, 'step')).toBeUndefined();
  });

  test.each([
    ['emphasis', '*a_'],
    ['links', '[a]('],
    ['images', '![a]('],
    ['code', '`a'],
    ['tags', '<a '],
    ['autolinks', '<a:b '],
    ['prose', 'Some words in a line of an ordinary length, as people write them.\n'],
  ])('%s are text, and parsed quickly', (_kind, shape) => {
    const root = parseBlocks(filled(shape), 'step');
    expect(root?.children.map(({ type }) => type)).toEqual(['paragraph']);
  });

  test('nothing that people write is refused', () => {
    const chapter = `## A heading\n\n${'A line of prose with `code` and [a link](x.md) in it, and more.\n'.repeat(8)}\n- one\n- two\n  - three\n\n\`\`\`js\nconst a = [1];\n\`\`\`\n\n`;
    expect(parseBlocks(chapter.repeat(100), 'step')).toBeDefined();
  });

  test('the estimate grows with the text', () => {
    const line = fc.constantFrom('- a', '> b', '# c', 'd', '', '===', '    e', '```', '1. f', '\t- g');
    fc.assert(
      fc.property(fc.array(line), fc.array(line), (one, other) => {
        const whole = estimateParseWork([...one, ...other].join('\n'));
        expect(whole.work).toBeGreaterThanOrEqual(estimateParseWork(one.join('\n')).work);
        expect(whole.nesting).toBeGreaterThanOrEqual(estimateParseWork(one.join('\n')).nesting);
      }),
    );
  });

  test('generated documents are parsed or refused, and never break', () => {
    const piece = fc.constantFrom(
      '*',
      '_',
      '`',
      '[',
      ']',
      '(',
      ')',
      '>',
      '- ',
      '1. ',
      '#',
      '\n',
      '  ',
      '\t',
      '<',
      '!',
      '&',
      '\\',
      'a',
      '{{file:',
      '}}',
      '---\n',
      '```\n',
      '\r\n',
      '\uFEFF',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 300 }), (pieces) => {
        const text = pieces.join('');
        const root = parseBlocks(text, 'step');
        for (const child of root?.children ?? [])
          expect(child.position?.end.offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });
});
