import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

// The SDK's hello-world: the least that a server can do, and so what ours is compared with.

serveStdio(() => {
  const server = new McpServer({ name: 'hello', version: '1.0.0' });
  server.registerTool(
    'greet',
    { description: 'Greets someone', inputSchema: z.object({ name: z.string() }) },
    ({ name }) => ({ content: [{ type: 'text', text: `Hello, ${name.slice(0, 20)}!` }] }),
  );
  return server;
});
