import { expect, test } from 'vitest';
import type { OfferedTool } from '../../../src/ai/performer.ts';
import { describeCatalogue } from '../../../src/ai/tool-catalogue.ts';

const tool = (server: string, name: string, rest: Partial<OfferedTool> = {}): OfferedTool => ({
  server,
  name,
  ...rest,
});
const many = (server: string, count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) =>
    tool(server, `tool_${index}`, {
      description: 'x'.repeat(1_000),
      inputSchema: { description: 'y'.repeat(bytes) },
    }),
  );
const linesOf = (text: string, server: string) =>
  text.split('\n').filter((line) => line.startsWith(`{"server":"${server}"`));

test('a line for each tool, with what its server says of it', () => {
  const text = describeCatalogue({
    tools: [
      tool('files', 'read', { description: 'Reads.', inputSchema: { type: 'object' } }),
      tool('files', 'list'),
    ],
    unavailable: [],
  });
  expect(text.replace(/data-[0-9a-f]{24}/g, 'data')).toBe(
    '# Tools\n\n<data>\n{"server":"files","tool":"read","description":"Reads."} arguments: {"type":"object"}\n{"server":"files","tool":"list"}\n</data>',
  );
});

test('a tool that says too much is cut; one server with too many leaves the others theirs', () => {
  const text = describeCatalogue({
    tools: [...many('crowd', 200, 100_000), ...many('small', 2, 100_000)],
    unavailable: [],
  });
  expect(Buffer.byteLength(text)).toBeLessThan(67_000);
  expect(linesOf(text, 'small')).toHaveLength(2);
  const listed = linesOf(text, 'crowd');
  expect(listed.length).toBeGreaterThan(10);
  expect(listed.every((line) => Buffer.byteLength(line) < 5_500)).toBe(true);
  const leftOut = 200 - listed.length;
  expect(text).toContain(`Left out for lack of room: ${leftOut} tools, by server {"crowd":${leftOut}}`);
});

test('a tool with an endless name is left out', () => {
  const text = describeCatalogue({ tools: [tool('files', 'n'.repeat(70_000))], unavailable: [] });
  expect(text).toContain('There are none now.\nLeft out for lack of room: 1 tool, by server {"files":1}');
});

test('what servers say of their failure is cut', () => {
  const unavailable = Array.from({ length: 10 }, (_, index) => ({
    server: `s${index}`,
    problem: 'p'.repeat(100_000),
  }));
  expect(Buffer.byteLength(describeCatalogue({ tools: [], unavailable }))).toBeLessThan(5_000);
});
