import { expect, test } from 'vitest';
import { createExchange } from '../../../src/hub/exchange.ts';

const listing = { jsonrpc: '2.0' as const, id: 7, method: 'tools/list' };
const tools = { jsonrpc: '2.0', id: 7, result: { tools: [] } };

test('an answer is mended by the request that it belongs to, also if its id is a text', () => {
  const exchange = createExchange();
  exchange.sent(listing);
  expect(exchange.received('{"id":"7","result":[]}')).toEqual([{ ...tools, id: '7' }]);
  expect(exchange.settle(7)).toBe(false);
});

test('a request of the server with the id of one of ours answers nothing', () => {
  const exchange = createExchange();
  exchange.sent(listing);
  expect(exchange.received('{"id":7,"method":"ping"}')).toMatchObject([{ id: 7, method: 'ping' }]);
  expect(exchange.received('{"id":7,"result":[]}')).toEqual([tools]);
});

test('a batch is as good as its messages', () => {
  const exchange = createExchange();
  exchange.sent(listing);
  expect(exchange.received('[{"method":"a"},1,{"id":7,"result":[]}]')).toMatchObject([
    { method: 'a' },
    tools,
  ]);
});

test.each(['', 'words', '{', '[]', '1', '{"id":7}'])('no message: %j', (text) => {
  expect(createExchange().received(text)).toEqual([]);
});

test('a server that answers nothing does not make it grow for ever', () => {
  const exchange = createExchange();
  for (let id = 0; id <= 10_000; id++) exchange.sent({ ...listing, id });
  expect([0, 1].map((id) => exchange.settle(id))).toEqual([false, true]);
});
