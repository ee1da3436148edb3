import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { DEFAULT_HUB_LIMITS } from '../../../src/hub/limits.ts';
import { newlineFraming } from '../../../src/hub/newline-framing.ts';
import { createStdioTransport } from '../../../src/hub/stdio-transport.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

test('a server that writes without end leaves turns of the event loop to others', async () => {
  const stdout = new PassThrough();
  const transport = createStdioTransport({
    server: 'one',
    process: { pid: 0, stdin: new PassThrough(), stdout, exited: new Promise(() => {}), end: async () => {} },
    framing: newlineFraming,
    limits: DEFAULT_HUB_LIMITS,
    quote: (text) => text,
    timers: createVirtualTime().timers,
    logger: silentLogger,
    onBroken: () => {},
  });
  let messages = 0;
  transport.onmessage = () => {
    messages += 1;
  };
  for (let chunk = 0; chunk < 20; chunk++)
    stdout.write(`${JSON.stringify({ method: 'notifications/progress', params: { progress: chunk } })}\n`);
  await transport.start();
  const inEachTurn: number[] = [];
  while (messages < 20) {
    const before = messages;
    await nextTurn();
    inEachTurn.push(messages - before);
  }
  expect(Math.max(...inEachTurn)).toBe(1);
});
