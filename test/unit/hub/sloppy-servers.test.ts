import { expect, test } from 'vitest';
import { openHub } from '../../support/hub-room.ts';
import { SLOPPY_SERVER } from '../../support/moody-servers.ts';

const servers = { sloppy: SLOPPY_SERVER };

test('Content-Length framing, and an answer to initialize without serverInfo', async () => {
  const { hub, logs } = openHub({ servers });
  const status = await hub.start('sloppy');
  expect(status).toEqual({ name: 'sloppy', state: 'running', pid: expect.any(Number) });
  expect(logs.map(({ fields }) => fields.text)).toContain('Starting up...');
});

test('tools without an input schema, or with one that is none', async () => {
  const { hub, logs } = openHub({ servers });
  expect(await hub.listTools('sloppy')).toEqual([
    { server: 'sloppy', name: 'add', description: 'Adds two numbers.' },
    { server: 'sloppy', name: 'odd' },
    { server: 'sloppy', name: 'fail' },
  ]);
  expect(logs.find(({ level }) => level === 'warn')?.fields).toEqual({ server: 'sloppy', dropped: 2 });
});

test('results in place of which there should be others', async () => {
  const { hub } = openHub({ servers });
  const call = (tool: string, args = {}) => hub.callTool({ server: 'sloppy', tool, args });
  expect(await call('add', { a: 1, b: 2 })).toEqual({
    value: '3 – süß',
    content: [{ type: 'text', text: '3 – süß' }],
  });
  expect((await call('odd')).value).toBe('a text\na block');
  await expect(call('fail')).rejects.toMatchObject({ code: 'TOOL_FAILED', message: 'It went wrong.' });
  await expect(call('nonesuch')).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    message: 'no tool nonesuch',
    details: { rpc_code: -32603 },
  });
});
