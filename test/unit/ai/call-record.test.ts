import { expect, test } from 'vitest';
import { describeRounds, recordFault, recordResult } from '../../../src/ai/call-record.ts';
import { Fault } from '../../../src/domain/errors.ts';

const call = { server: 'files', tool: 'read_file', args: { path: 'a.md' } };

test('a long result keeps its beginning, and says how long it was', () => {
  const [text = ''] = describeRounds([[recordResult(call, { content: 'x'.repeat(100_000), more: 1 })]]);
  expect(text).toContain('result: {"content":"xxx');
  expect(text).toContain('… [cut: 100023 bytes in all]');
  expect(Buffer.byteLength(text)).toBeGreaterThan(32_000);
  expect(Buffer.byteLength(text)).toBeLessThan(33_200);
});

test('long arguments and messages are cut too', () => {
  const big = { ...call, args: { content: 'x'.repeat(100_000) } };
  const [text = ''] = describeRounds([[recordFault(big, new Fault('TOOL_FAILED', 'y'.repeat(100_000)))]]);
  expect(text).toContain('call: {"server":"files","tool":"read_file","arguments":{"content":"xxx');
  expect(Buffer.byteLength(text)).toBeLessThan(37_500);
});

test('where there is no room for all, the latest are told in full and the others in brief, in their order', () => {
  const round = (letter: string) => [recordResult(call, letter.repeat(30_000)), recordResult(call, letter)];
  const texts = describeRounds(['a', 'b', 'c', 'd', 'e', 'f'].map(round));
  expect(texts.map((text) => text.slice(0, 16))).toEqual(
    [1, 2, 3, 4, 5, 6].map((number) => `# Calls, round ${number}`),
  );
  expect(texts.map((text) => text.length > 10_000)).toEqual([false, false, true, true, true, true]);
  expect(texts[0]).toContain('… [cut: 30002 bytes in all]');
  expect(texts[0]?.trimEnd().split('\n').slice(-2)[0]).toBe('result: "a"');
});
