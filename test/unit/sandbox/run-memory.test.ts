import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRunMemory, openRunMemory } from '../../../src/sandbox/run-memory.ts';

test('both threads see the same', () => {
  const one = createRunMemory(100);
  const other = openRunMemory(one.buffer);
  expect([other.isStopRequested(), other.isComputing(), other.calls()]).toEqual([false, false, 0]);
  one.requestStop();
  other.startComputing();
  other.print('hello\n');
  expect([other.countCall(), other.countCall()]).toEqual([1, 2]);
  expect([other.isStopRequested(), one.isComputing(), one.calls(), one.output()]).toEqual([
    true,
    true,
    2,
    'hello\n',
  ]);
});

test('computing is measured while it goes on', () => {
  const memory = createRunMemory(0);
  expect(memory.computedMs()).toBe(0);
  memory.startComputing();
  const soon = memory.computedMs();
  const later = memory.computedMs();
  expect(soon > 0 && later > soon).toBe(true);
  memory.stopComputing();
  const whole = memory.computedMs();
  expect(whole).toBeGreaterThan(later);
  expect(memory.computedMs()).toBe(whole);
  memory.stopComputing();
  expect(memory.computedMs()).toBe(whole);
  memory.resetComputed();
  expect(memory.computedMs()).toBe(0);
});

test('output is kept up to the limit, whole characters only, and the rest is counted', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.nat(60), (texts, bytesMax) => {
      const memory = createRunMemory(bytesMax);
      for (const text of texts) memory.print(text);
      const all = texts.join('');
      const output = memory.output();
      expect(all.startsWith(output)).toBe(true);
      expect(Buffer.byteLength(output)).toBeLessThanOrEqual(bytesMax);
      expect(Buffer.byteLength(output) + memory.outputDroppedBytes()).toBe(Buffer.byteLength(texts.join('')));
      if (Buffer.byteLength(all) <= bytesMax) expect(output).toBe(all);
    }),
  );
});
