import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { decisionText, openaiWire } from '../support/provider-wires.ts';

/** An LLM provider on loopback, in OpenAI's wire format, that decides as it is told, and counts what it is asked. */
export interface DecidingProvider {
  /** What an OpenAI-compatible client takes as its base URL. */
  readonly endpoint: string;
  /** What every answer says from here on. */
  willChoose(stepName: string): void;
  /** What came in since the last time. */
  takeCosts(): { readonly llmCalls: number; readonly promptBytes: number };
  close(): Promise<void>;
}

export async function startDecidingProvider(): Promise<DecidingProvider> {
  let chosen = '';
  let costs = { llmCalls: 0, promptBytes: 0 };
  const server = createServer(async (request, response) => {
    const { messages } = (await json(request)) as {
      readonly messages: readonly { readonly content: string }[];
    };
    for (const { content } of messages) costs.promptBytes += Buffer.byteLength(content);
    costs.llmCalls++;
    const reply = openaiWire.text(decisionText({ next_step_name: chosen }));
    if (typeof reply === 'string') throw new Error('The wire has no body.');
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    willChoose(stepName) {
      chosen = stepName;
    },
    takeCosts() {
      const taken = costs;
      costs = { llmCalls: 0, promptBytes: 0 };
      return taken;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
