import type { JsonObject } from '../domain/json.ts';
import type { ConfirmableCall, ToolPolicy } from '../domain/tool-policy.ts';
import type { CallToolParams, DownstreamTool, ServerStatus, ToolResult } from './hub.ts';

/** A name that a caller has given to its use of a server; all clients of a server share one connection to it. */
export interface ServerClient {
  readonly name: string;
  readonly server: string;
}

export interface StartServerParams {
  readonly name: string;
  /** How to start a server that the configuration does not have. */
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A tool, and what may be done with it. */
export interface PermittedTool extends DownstreamTool {
  readonly policy: ToolPolicy;
}

/** The tools of the server that a name stands for. */
export interface ServerTools {
  readonly server: string;
  readonly tools: readonly PermittedTool[];
  /** How many are left out, at least. */
  readonly dropped: number;
  /** See {@link ServerStatus.unmatchedRules}. */
  readonly unmatchedRules?: readonly string[];
}

export interface GatewayCallParams extends Pick<CallToolParams, 'signal' | 'onProgress'> {
  /** Of a client, or of a server. */
  readonly name: string;
  readonly tool: string;
  readonly args: JsonObject;
  /** Asks a person about a tool whose policy is `ask`; absent where nobody can be asked. */
  readonly confirm?: (call: ConfirmableCall) => Promise<boolean>;
}

export interface GatewayResult extends ToolResult {
  readonly server: string;
}

/**
 * What callers from outside may do with the downstream servers: as much as the operator allows. Throws what the hub
 * throws, and `NOT_ALLOWED`.
 */
export interface Gateway {
  /**
   * Starts a server of the configuration, or another one by its command where the operator allows that. One of those
   * that does not run can be started by another command.
   */
  startServer(params: StartServerParams): Promise<ServerStatus>;
  stopServer(name: string): Promise<ServerStatus>;
  stopAllServers(): Promise<readonly ServerStatus[]>;
  servers(): readonly ServerStatus[];
  /** What to do about it that there is no server; undefined where there is one. */
  noServersNote(): string | undefined;
  clients(): readonly ServerClient[];
  /**
   * The same client again is no new one. Throws `INVALID_ARGUMENT` if the name stands for another server: as a client of
   * it, or as its own name.
   */
  createClient(client: ServerClient): ServerClient;
  /** Connects to the server that the name stands for. */
  initializeClient(name: string): Promise<ServerStatus>;
  /** As they are known; `refresh` asks the server in any case. */
  listTools(name: string, options?: { readonly refresh?: boolean }): Promise<ServerTools>;
  /** All failures of the call have `server` and `tool` in their details. */
  callTool(params: GatewayCallParams): Promise<GatewayResult>;
}
