import fc from 'fast-check';
import { expect, test } from 'vitest';
import { functionNames, type ToolName } from '../../../../src/sandbox/api/function-names.ts';

const tool = (server: string, name: string): ToolName => ({ server, name });

test.each([
  ['files', 'read', 'files__read'],
  ['my-server', 'read.file/now', 'my_server__read_file_now'],
  ['1st', 'tool', '_1st__tool'],
  ['größe', 'a b', 'gr__e__a_b'],
  ['', 'proto__', '__proto__'],
  ['s', '😀', 's___'],
])('%s and %s are %s', (server, name, expected) => {
  expect(functionNames([tool(server, name)])).toEqual([expected]);
});

test('of those with one name, the one that is written so keeps it', () => {
  const tools = [tool('a', 'b-c'), tool('a', 'b_c'), tool('a', 'b.c')];
  const names = functionNames(tools);
  expect(names).toEqual([
    expect.stringMatching(/^a__b_c_[0-9a-f]{8}$/),
    'a__b_c',
    expect.stringMatching(/^a__b_c_[0-9a-f]{8}$/),
  ]);
  expect(functionNames([...tools].reverse())).toEqual([...names].reverse());
  expect(functionNames(tools.slice(0, 2))).toEqual(names.slice(0, 2));
});

test('names are identifiers, and different, in any order', () => {
  const part = fc.oneof(
    fc.constantFrom('a', 'a_', '_a', 'a__b', 'b', '-', '.', ''),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(part, part), { maxLength: 30, selector: (pair) => JSON.stringify(pair) }),
      fc.integer(),
      (pairs, turn) => {
        const tools = pairs.map(([server, name]) => tool(server, name));
        const names = functionNames(tools);
        for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
        expect(new Set(names).size).toBe(tools.length);
        const by = tools.length === 0 ? 0 : Math.abs(turn) % tools.length;
        const turned = <Item>(items: readonly Item[]) => [...items.slice(by), ...items.slice(0, by)];
        expect(functionNames(turned(tools))).toEqual(turned(names));
      },
    ),
  );
});

test('a very long name stays short, and its own', () => {
  const names = functionNames([tool('s', 'x'.repeat(10_000)), tool('s', `${'x'.repeat(10_000)}y`)]);
  expect(names.every((name) => name.length < 140)).toBe(true);
  expect(new Set(names).size).toBe(2);
});
