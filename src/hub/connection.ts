import type { Client, RequestOptions } from '@modelcontextprotocol/client';
import * as z from 'zod';
import type { JsonObject } from '../domain/json.ts';

/** Deadlines are kept outside of the SDK: a server that tells its progress can put off the SDK's own for ever. */
export const NO_TIMEOUT_MS = 2 ** 31 - 1;
/** The SDK is not to judge results, which are read with care by us: see `mend-message.ts`. */
const ANYTHING = z.unknown();

export interface ToolRequest {
  readonly tool: string;
  readonly args: JsonObject;
  readonly meta?: JsonObject;
  /** What the server expects, if that is known: over HTTP, some arguments are repeated in headers. */
  readonly inputSchema?: JsonObject;
}

export interface RequestControl {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { progress: number; total?: number; message?: string }) => void;
}

/** A live connection to one server. Requests fail with what the SDK throws; see `call-faults.ts`. */
export interface Connection {
  readonly pid?: number;
  /** What the server says that it is. */
  readonly title?: string;
  readonly version?: string;
  /** Whether the server speaks only what came before protocol version 2026-07-28. */
  readonly isLegacy: boolean;
  /** Whether it ends with the process that it goes to; one over HTTP is made of requests that know nothing of each other. */
  readonly isStdio: boolean;
  /** Why it is over, in words that complete "The server ..."; undefined as long as it is not. */
  overBecause(): string | undefined;
  /** The result as it came. */
  callTool(request: ToolRequest, control: RequestControl): Promise<unknown>;
  /** One page, as it came. */
  listTools(cursor: string | undefined, control: RequestControl): Promise<unknown>;
  /** Answered by a server that still listens. */
  ping(control: RequestControl): Promise<void>;
  /** Ends the process too, if there is one. */
  close(): Promise<void>;
}

/** What a connection does once hands are shaken. */
export function createRequests(client: Client): Pick<Connection, 'callTool' | 'listTools' | 'ping'> {
  const isModern = client.getProtocolEra() === 'modern';
  return {
    async callTool({ tool, args, meta, inputSchema }, control) {
      const params = { name: tool, arguments: args, ...(meta !== undefined && { _meta: meta }) };
      if (!isModern) return client.request({ method: 'tools/call', params }, ANYTHING, optionsOf(control));
      // Without an output schema, so that results are not judged here either.
      const toolDefinition = { name: tool, inputSchema: { ...inputSchema, type: 'object' as const } };
      return client.callTool(params, { ...optionsOf(control), toolDefinition });
    },
    // Not the client's own `listTools`, which writes to stdout about servers that do not announce tools.
    listTools: (cursor, control) =>
      client.request(
        { method: 'tools/list', ...(cursor !== undefined && { params: { cursor } }) },
        ANYTHING,
        optionsOf(control),
      ),
    async ping(control) {
      await client.request({ method: 'ping' }, ANYTHING, optionsOf(control));
    },
  };
}

function optionsOf({ signal, onProgress }: RequestControl): RequestOptions {
  return { signal, timeout: NO_TIMEOUT_MS, ...(onProgress && { onprogress: onProgress }) };
}
