import type { JsonObject, JsonValue } from '../domain/json.ts';

/** A downstream server that this program starts and talks to over its stdin and stdout. */
export interface StdioServerSpec {
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to the few variables that every child gets; nothing else of our environment reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd?: string;
  /** How messages are told apart: a line each, which is the protocol, or a `Content-Length` header before each. */
  readonly framing?: 'newline' | 'content-length';
}

/** A downstream server that runs elsewhere, spoken to over Streamable HTTP. */
export interface HttpServerSpec {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One entry of `mcpServers`, the format that every MCP client uses. */
export type ServerSpec = (StdioServerSpec | HttpServerSpec) & {
  readonly disabled?: boolean;
  /** For one call, in milliseconds. */
  readonly timeoutMs?: number;
};

export const SERVER_STATES = ['stopped', 'starting', 'running', 'failed', 'disabled'] as const;
export type ServerState = (typeof SERVER_STATES)[number];

export interface ServerStatus {
  readonly name: string;
  readonly state: ServerState;
  /** Why it failed, in one sentence. */
  readonly problem?: string;
  /** When a failed one will be tried again by its next use, in milliseconds; absent where at once. */
  readonly retryAfterMs?: number;
  readonly pid?: number;
  /** What the server says that it is. */
  readonly title?: string;
  readonly version?: string;
  /** As many as its catalogue has; absent until it was seen once. */
  readonly toolCount?: number;
  /** How many more it has, at least, that are left out, because they are too many or no tools; absent for none. */
  readonly toolsDropped?: number;
  /** What the operator's rules name that matches no tool in its catalogue, and may be misspelt; absent for none. */
  readonly unmatchedRules?: readonly string[];
}

/** A tool of a downstream server, as the server describes it; members that it left out or got wrong are absent. */
export interface DownstreamTool {
  readonly server: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: JsonObject;
}

/** The tools of all servers, as far as they are known. */
export interface Catalogue {
  readonly tools: readonly DownstreamTool[];
  /** One for each server, also those whose tools are missing here. */
  readonly servers: readonly ServerStatus[];
}

export interface CallToolParams {
  readonly server: string;
  readonly tool: string;
  readonly args: JsonObject;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onProgress?: (progress: { progress: number; total?: number; message?: string }) => void;
  /** Passed on as `_meta`. */
  readonly meta?: JsonObject;
}

export interface ToolResult {
  /** `structuredContent` where there is some, else the JSON or text of the content. */
  readonly value: JsonValue;
  /** The content blocks as they came. */
  readonly content: readonly JsonObject[];
}

/**
 * The MCP servers that this program is a client of: one shared connection to each, made by its first use. What one of
 * them does harms no other.
 *
 * Methods that use a server throw `SERVER_NOT_FOUND`, `SERVER_UNAVAILABLE` (retryable), `SERVER_TIMEOUT` (retryable),
 * `TOOL_FAILED` (the tool itself says that it failed; its text is the message), `TOO_LARGE` or `CANCELLED`.
 */
export interface Hub {
  statuses(): readonly ServerStatus[];
  /**
   * Adds a server that the configuration does not have, in place of one that was added before and does not run. Throws
   * `INVALID_ARGUMENT` if the name is taken, or none.
   */
  add(name: string, spec: ServerSpec): void;
  /** Connects unless it is connected. */
  start(name: string): Promise<ServerStatus>;
  /** Ends the connection and the whole process tree; the next use starts it anew, once all has ended. */
  stop(name: string): Promise<ServerStatus>;
  stopAll(): Promise<readonly ServerStatus[]>;
  /** The tools of one server, from its catalogue; asks it where there is none yet, or where `refresh` is set. */
  listTools(name: string, options?: { readonly refresh?: boolean }): Promise<readonly DownstreamTool[]>;
  /** What is known of all servers, at once; servers that were never seen are asked in the background. */
  catalogue(): Catalogue;
  /** Asks all servers; waits for each as long as its time-out, and reports those that failed in `servers`. */
  refreshCatalogue(signal?: AbortSignal): Promise<Catalogue>;
  callTool(params: CallToolParams): Promise<ToolResult>;
  /** Calls back when the catalogue changed. Returns the way to stop it. */
  onCatalogueChange(listener: () => void): () => void;
  /** Ends everything that was started. */
  close(): Promise<void>;
}
