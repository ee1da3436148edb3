import { isJSONRPCErrorResponse, isJSONRPCResultResponse, isSpecType } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import { mendMessage } from '../../../src/hub/mend-message.ts';

describe('an answer', () => {
  test.each<[JsonObject, object]>([
    [
      { id: 1, result: { a: 1 } },
      { jsonrpc: '2.0', id: 1, result: { a: 1 } },
    ],
    [
      { jsonrpc: '2.0', id: '1', result: {}, error: null, extra: 1 },
      { jsonrpc: '2.0', id: '1', result: {} },
    ],
    [
      { id: 1, result: null, error: 'No' },
      { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'No' } },
    ],
    [
      { id: 1, error: { code: 'E', msg: 'No' } },
      { jsonrpc: '2.0', id: 1, error: { code: -32603, message: '{"code":"E","msg":"No"}' } },
    ],
    [
      { id: 1, error: { code: -1, message: 'No', data: [1] } },
      { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'No', data: [1] } },
    ],
    [
      { id: 1, result: null },
      { jsonrpc: '2.0', id: 1, result: {} },
    ],
    [
      { id: 1, result: { a: 1, _meta: null } },
      { jsonrpc: '2.0', id: 1, result: { a: 1 } },
    ],
  ])('%j', (message, mended) => {
    expect(mendMessage(message, undefined)).toEqual(mended);
  });

  test.each<[string, JsonObject['x'], object]>([
    ['tools/list', [{ name: 'a' }], { tools: [{ name: 'a' }] }],
    ['tools/call', 'done', { content: 'done' }],
    ['tools/call', null, {}],
    ['ping', 'pong', {}],
  ])('to %s that is %j', (method, result, mended) => {
    expect(mendMessage({ id: 1, result }, method)).toMatchObject({ result: mended });
  });

  test.each<JsonObject>([{}, { id: 1 }, { id: null, result: {} }, { id: {}, error: 'No' }, { result: {} }])(
    'that is none: %j',
    (message) => {
      expect(mendMessage(message, undefined)).toBeUndefined();
    },
  );
});

describe('the answer to initialize', () => {
  const initialized = (result: JsonObject) => mendMessage({ id: 1, result }, 'initialize');

  test.each<[JsonObject, object]>([
    [{}, { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: '', version: '' } }],
    [{ protocolVersion: '2024-11-05' }, { protocolVersion: '2024-11-05' }],
    [{ protocolVersion: '9' }, { protocolVersion: '2025-11-25' }],
    [{ capabilities: { tools: true, prompts: null } }, { capabilities: { tools: {} } }],
    [{ capabilities: { tools: { listChanged: true } } }, { capabilities: { tools: { listChanged: true } } }],
    [{ capabilities: { tools: { listChanged: 'yes' } } }, { capabilities: { tools: {} } }],
    [
      { serverInfo: { name: 'n', version: 1, title: 't' } },
      { serverInfo: { name: 'n', version: '', title: 't' } },
    ],
    [{ serverInfo: 'n', instructions: 1 }, { serverInfo: { name: '', version: '' } }],
  ])('%j', (result, mended) => {
    expect(initialized(result)).toMatchObject({ result: mended });
  });

  test('suits the SDK whatever it was', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('protocolVersion', 'capabilities', 'serverInfo', 'instructions', '_meta', 'x'),
          fc.jsonValue(),
        ),
        (result) => {
          const mended = initialized(result as JsonObject);
          expect(mended && 'result' in mended && isSpecType.InitializeResult(mended.result)).toBe(true);
        },
      ),
    );
  });
});

test('an answer suits the SDK whatever it was', () => {
  const message = fc.record(
    { id: fc.nat(), result: fc.jsonValue(), error: fc.jsonValue(), jsonrpc: fc.jsonValue() },
    { requiredKeys: ['id'] },
  );
  fc.assert(
    fc.property(message, fc.constantFrom('tools/list', 'tools/call', 'ping'), (answer, method) => {
      const mended = mendMessage(answer as JsonObject, method);
      if (mended === undefined) expect('result' in answer).toBe(false);
      else expect(isJSONRPCResultResponse(mended) || isJSONRPCErrorResponse(mended)).toBe(true);
    }),
  );
});

test('notifications and requests of the server keep their members, as far as they are sound', () => {
  expect(mendMessage({ method: 'notifications/progress', params: { progress: 1 } }, undefined)).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progress: 1 },
  });
  expect(mendMessage({ id: 3, method: 'ping', params: null }, undefined)).toEqual({
    jsonrpc: '2.0',
    id: 3,
    method: 'ping',
  });
});
