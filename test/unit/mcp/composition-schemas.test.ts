import { expect, test } from 'vitest';
import { toolListOf } from '../../../src/mcp/composition-schemas.ts';

const listOf = (count: number) => ({
  tools: Array.from({ length: count }, (_, index) => ({
    name: `files__tool_${index}`,
    server: 'files',
    tool: `tool_${index}`,
    description: 'Does something with a file. '.repeat(5),
    policy: 'allow' as const,
  })),
  servers: [{ name: 'files', state: 'running' }],
});

test('a list of functions is whole where it fits', () => {
  const { tools, dropped, servers } = toolListOf(listOf(300));
  expect([tools.length, dropped, servers.length]).toEqual([300, undefined, 1]);
});

test('of too many functions, those that do not fit are counted', () => {
  const answer = toolListOf(listOf(5_000));
  expect(JSON.stringify(answer).length).toBeLessThan(140 * 1024);
  expect(answer.tools[0]?.name).toBe('files__tool_0');
  expect(answer.tools.length).toBeGreaterThan(500);
  expect(answer.dropped).toBe(5_000 - answer.tools.length);
});
