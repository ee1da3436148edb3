import {
  type JSONRPCMessage,
  LATEST_PROTOCOL_VERSION,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/client';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';

/*
 * The SDK refuses what does not fit its schemas, and lets the request wait for its time-out. Servers exist that get
 * these things wrong, and work. This file has every gap that is mended before the SDK looks; what tools and results
 * get wrong never reaches the SDK's schemas, and is read with care in `read-tools.ts` and `read-result.ts`.
 *
 * - any message: no `jsonrpc`; `params` or `_meta` that is no object
 * - a response: `error: null` beside a result; `result: null` beside an error; members that do not belong there
 * - a result that is no object: for `tools/list` an array of tools, for `tools/call` a text or an array of content
 * - an error that is a text, has no numeric code, or no message
 * - `initialize`: no `serverInfo`, or one without name or version; no `capabilities`, or some that are `true` or null;
 *   a `protocolVersion` that is missing or unknown; `instructions` that are no text
 */

const INTERNAL_ERROR = -32_603;

/**
 * The message as the SDK wants it; undefined for something that is no message at all.
 *
 * @param method of the request that the message answers, if it does
 */
export function mendMessage(message: JsonObject, method: string | undefined): JSONRPCMessage | undefined {
  if (typeof message.method === 'string') return mendCall(message);
  const { id } = message;
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  if (message.error !== undefined && message.error !== null)
    return { jsonrpc: '2.0', id, error: mendError(message.error) };
  if (message.result === undefined) return undefined;
  return { jsonrpc: '2.0', id, result: mendResult(message.result, method) };
}

/** A request or notification of the server. */
function mendCall({ method, id, params }: JsonObject): JSONRPCMessage | undefined {
  if (typeof method !== 'string') return undefined;
  const call = {
    jsonrpc: '2.0' as const,
    method,
    ...(isJsonObject(params) && { params: withSoundMeta(params) }),
  };
  return typeof id === 'string' || typeof id === 'number' ? { ...call, id } : call;
}

function mendError(error: JsonValue): { code: number; message: string; data?: JsonValue } {
  if (!isJsonObject(error)) return { code: INTERNAL_ERROR, message: textOf(error) };
  const { code, message, data } = error;
  return {
    code: typeof code === 'number' && Number.isInteger(code) ? code : INTERNAL_ERROR,
    message: typeof message === 'string' ? message : textOf(message ?? error),
    ...(data !== undefined && { data }),
  };
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function mendResult(result: JsonValue, method: string | undefined): JsonObject {
  const object = isJsonObject(result) ? withSoundMeta(result) : wrapResult(result, method);
  return method === 'initialize' ? mendInitialize(object) : object;
}

function wrapResult(result: JsonValue, method: string | undefined): JsonObject {
  if (method === 'tools/list' && Array.isArray(result)) return { tools: result };
  if (method === 'tools/call' && result !== null) return { content: result };
  return {};
}

function withSoundMeta(object: JsonObject): JsonObject {
  if (object._meta === undefined || isJsonObject(object._meta)) return object;
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== '_meta'));
}

/** Only what is used of it, so that nothing else can be wrong with it. */
function mendInitialize({ protocolVersion, capabilities, serverInfo, instructions }: JsonObject): JsonObject {
  const isKnown = SUPPORTED_PROTOCOL_VERSIONS.some((version) => version === protocolVersion);
  return {
    protocolVersion: (isKnown && protocolVersion) || LATEST_PROTOCOL_VERSION,
    capabilities: mendCapabilities(capabilities),
    serverInfo: mendServerInfo(serverInfo),
    ...(typeof instructions === 'string' && { instructions }),
  };
}

function mendCapabilities(capabilities: JsonValue | undefined): JsonObject {
  const tools = isJsonObject(capabilities) ? capabilities.tools : undefined;
  if (tools === undefined || tools === null || tools === false) return {};
  return { tools: isJsonObject(tools) && tools.listChanged === true ? { listChanged: true } : {} };
}

/** Empty texts stand for what the server does not say. */
function mendServerInfo(serverInfo: JsonValue | undefined): JsonObject {
  const { name, title, version } = isJsonObject(serverInfo) ? serverInfo : {};
  return {
    name: typeof name === 'string' ? name : '',
    version: typeof version === 'string' ? version : '',
    ...(typeof title === 'string' && { title }),
  };
}
