import { expect, test } from 'vitest';
import { toolListOf } from '../../../src/mcp/composition-schemas.ts';
import { serverToolsOf } from '../../../src/mcp/server-schemas.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Each a quarter of what fits, and a little more. */
function toolsThatFill(bytes: number) {
  return Array.from({ length: 10 }, (_, index) => ({
    name: `one__tool${index}`,
    server: 'one',
    tool: `tool${index}`,
    description: 'x'.repeat(bytes / 4),
    policy: 'allow' as const,
  }));
}

test('the tools of a server: as many as fit into an answer, and how many are missing', () => {
  const tools = toolsThatFill(MIB);
  const answer = serverToolsOf({ server: 'one', tools, dropped: 5 });
  expect(answer).toMatchObject({ tools: [{ name: 'one__tool0' }, {}, {}], dropped: 12 });
  expect(JSON.stringify(answer).length).toBeLessThan(MIB);
  const few = serverToolsOf({ server: 'one', tools: tools.slice(0, 3), dropped: 0 });
  expect(few.tools).toHaveLength(3);
  expect(few).not.toHaveProperty('dropped');
});

test('the tools of all servers too', () => {
  const tools = toolsThatFill(128 * KIB);
  const servers = [{ name: 'one', state: 'running' }] as const;
  const answer = toolListOf({ tools, servers });
  expect(answer).toMatchObject({ tools: [{ name: 'one__tool0' }, {}, {}], dropped: 7, servers });
});
