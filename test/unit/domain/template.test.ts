import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import { fillTemplate, templateVariables } from '../../../src/domain/template.ts';

describe('fillTemplate', () => {
  test.each<[string, JsonObject, string]>([
    ['Tell {{ context.name }}.', { name: 'Ada' }, 'Tell Ada.'],
    ['{{context.name}}{{  context.name  }}', { name: 'A' }, 'AA'],
    ['{{ context.a.b.c }}', { a: { b: { c: 'deep' } } }, 'deep'],
    ['{{ context.items.0 }}, {{ context.items.1.x }}', { items: ['a', { x: 'b' }] }, 'a, b'],
    ['{{ context.kebab-case }} {{ context.größe }}', { 'kebab-case': 'k', größe: 'g' }, 'k g'],
    ['{{ context.n }} {{ context.t }} {{ context.z }}', { n: 1.5, t: true, z: null }, '1.5 true null'],
    ['{{ context.list }} {{ context.o }}', { list: [1, 'a'], o: { b: 1 } }, '[1,"a"] {"b":1}'],
    ['{{ context.empty }}!', { empty: '' }, '!'],
    ['line\r\n{{ context.a }}\r\n', { a: 'b' }, 'line\r\nb\r\n'],
    [
      '{{ report.a }} {{ context }} {{context.}} {{ context.a b }}',
      { a: 'b' },
      '{{ report.a }} {{ context }} {{context.}} {{ context.a b }}',
    ],
    ['\\{{ context.a }} and {{ context.a }}', { a: 'b' }, '{{ context.a }} and b'],
    ['$& {{ context.a }} $1', { a: "$& $1 $' $$" }, "$& $& $1 $' $$ $1"],
  ])('%s', (text, context, expected) => {
    expect(fillTemplate(text, context)).toEqual({ text: expected, missing: [] });
  });

  test('leaves what is missing as written, and lists it once', () => {
    const text = '{{ context.a }} {{context.b.c}} {{ context.a }} {{ context.s.x }}';
    expect(fillTemplate(text, { b: {}, s: 'text' })).toEqual({ text, missing: ['a', 'b.c', 's.x'] });
  });

  test.each([
    'constructor',
    '__proto__',
    'toString',
    'list.length',
    'list.map',
    'list.-1',
    'text.0',
    'text.length',
    'nothing.x',
  ])('sees only own properties: %s', (path) => {
    const text = `{{ context.${path} }}`;
    const context = { list: [1], text: 'abc', nothing: null };
    expect(fillTemplate(text, context)).toEqual({ text, missing: [path] });
  });

  test('a key named __proto__ is an ordinary one', () => {
    const context = JSON.parse('{"__proto__": "own"}') as JsonObject;
    expect(fillTemplate('{{ context.__proto__ }}', context).text).toBe('own');
  });

  test('does not look again at what was filled in', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, value) => {
        const text = `${before.replaceAll(/[\\{}]/g, '')}{{ context.a }}`;
        const filled = fillTemplate(text, { a: `${value}{{ context.secret }}`, secret: 'x' });
        expect(filled.text.endsWith(`${value}{{ context.secret }}`)).toBe(true);
        expect(filled.missing).toEqual([]);
      }),
    );
  });

  test('text without templates stays byte for byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('{{'));
        expect(fillTemplate(text, {}).text).toBe(text);
      }),
    );
  });
});

test('templateVariables tells path and place, and leaves out what is escaped', () => {
  expect(templateVariables('a {{ context.b.c }}\n\\{{ context.no }} {{context.d}}')).toEqual([
    { path: ['b', 'c'], offset: 2 },
    { path: ['d'], offset: 38 },
  ]);
});
