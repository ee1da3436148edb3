import { expect, test } from 'vitest';
import { createStateResources } from '../../../src/mcp/state-resources.ts';
import type { ToolDeps } from '../../../src/mcp/tool.ts';
import { openAgentRoom } from '../../support/agent-room.ts';
import { until } from '../../support/until.ts';

test('prompts are told of when the task data that they show has changed, and after a change of state', async () => {
  const { agent, engine, changes } = await openAgentRoom();
  const deps = { engine, agent: async () => agent, sessionChanges: changes } as unknown as ToolDeps;
  const told = new Set<string>();
  const stop = createStateResources(deps).watch({ updated: (uri) => told.add(uri), listChanged() {} });
  const promptsTold = () => [...told].filter((uri) => uri.includes('/prompt')).length;

  await agent.storeTaskData({ sessionId: 'default', key: 'action_plan', value: 'Go.' });
  await until(() => promptsTold() === 12 || undefined);
  expect(told).toContain('state://EXECUTING/prompt');
  expect(told).toContain('state://EXECUTING/prompt?session_id=default');

  told.clear();
  await agent.transition({ sessionId: 'a b', newState: 'PLANNING' });
  await until(() => promptsTold() === 6 || undefined);
  expect(told).toContain('state://PLANNING/prompt?session_id=a%20b');
  expect(told).not.toContain('state://PLANNING/prompt');

  stop();
  told.clear();
  await agent.storeTaskData({ sessionId: 'default', key: 'action_plan', value: 'Stop.' });
  expect(told.size).toBe(0);
});
