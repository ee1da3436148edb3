import packageJson from '../../package.json' with { type: 'json' };
import { childEnvironment } from '../domain/child-environment.ts';
import { systemClock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import { canonicalJson, type JsonObject } from '../domain/json.ts';
import { type Logger, silentLogger } from '../domain/logger.ts';
import { systemTimers } from '../domain/timers.ts';
import {
  type ConfirmableCall,
  checkToolPolicy,
  policyFor,
  type ToolPolicyRules,
} from '../domain/tool-policy.ts';
import { checkSpec } from './check-spec.ts';
import { createHub } from './create-hub.ts';
import { serverNotFound } from './faults.ts';
import type { CallToolParams, DownstreamTool, Hub, ServerSpec, ServerStatus, ToolResult } from './hub.ts';
import { DEFAULT_HUB_LIMITS, type HubLimits } from './limits.ts';

// What `import ... from 'orchestrator-mcp-server'` gives to other programs: the hub, in three classes.

export { FAULTS, Fault, type FaultCode, type FaultOptions } from '../domain/errors.ts';
export type { JsonObject, JsonValue } from '../domain/json.ts';
export type { Logger } from '../domain/logger.ts';
export type { ConfirmableCall, ToolPolicy, ToolPolicyRules } from '../domain/tool-policy.ts';
export type {
  CallToolParams,
  Catalogue,
  DownstreamTool,
  HttpServerSpec,
  Hub,
  ServerSpec,
  ServerState,
  ServerStatus,
  StdioServerSpec,
  ToolResult,
} from './hub.ts';
export type { HubLimits } from './limits.ts';
export { loadMcpServersConfig, type McpServersConfig } from './mcp-servers-config.ts';

export interface McpOptions {
  /** All that servers get of the environment, besides their own `env`. Left out: the few variables that are harmless. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder for a record of the processes, so that the next program ends what a killed one left. Left out: none. */
  readonly stateFolder?: string;
  /** Left out: nothing is logged. */
  readonly logger?: Logger;
  /** Instead of the defaults. */
  readonly limits?: Partial<HubLimits>;
  /** What may be done with the tools of a server, by its name. Left out: everything. */
  readonly policies?: Readonly<Record<string, ToolPolicyRules>>;
  /** Asks a person whether a tool whose policy is `ask` may be called. Left out: such tools are not called. */
  readonly confirm?: (call: ConfirmableCall) => Promise<boolean>;
}

/** A server by its name, and how to start or reach it; the name alone means one that is known already. */
export type NamedServer = { readonly name: string } & (ServerSpec | { readonly command?: undefined });

/**
 * One MCP server: a process that is started and spoken to over its stdin and stdout, or a URL. It runs at most once,
 * whoever uses it, and ends with everything that it started: also if this program is killed.
 */
export class McpServerProcess {
  readonly name: string;
  /** What it shares with other servers. */
  readonly hub: Hub;

  /**
   * Starts nothing yet. It takes the place of a server of the hub with that name which does not run. Throws
   * `INVALID_ARGUMENT` if that runs, or if the server cannot be started or reached with what is said of it.
   *
   * @param options a hub that it is to share with others; else those of one of its own
   */
  constructor(server: NamedServer, options: McpOptions | { readonly hub: Hub } = {}) {
    const { name, ...spec } = server;
    this.name = name;
    this.hub = 'hub' in options ? options.hub : openHub(options);
    if (isSpec(spec)) this.hub.add(name, checkSpec(name, spec));
  }

  /** Whether it runs, as which process, what it says that it is, and why it failed if it did. */
  get status(): ServerStatus | undefined {
    return this.hub.statuses().find(({ name }) => name === this.name);
  }

  /**
   * Starts it, and shakes hands, unless that is done. Throws `SERVER_NOT_FOUND`, `SERVER_UNAVAILABLE` or
   * `SERVER_TIMEOUT`; after a failure it is left alone for the `retryAfterMs` of the fault.
   */
  start(): Promise<ServerStatus> {
    return this.hub.start(this.name);
  }

  /** Ends it, and everything that it started, within two seconds. The next use starts it anew. */
  stop(): Promise<ServerStatus> {
    return this.hub.stop(this.name);
  }
}

/** How long to wait for a call, and with whom. */
export type CallOptions = Pick<CallToolParams, 'signal' | 'timeoutMs' | 'onProgress' | 'meta'>;

/** One user of a server. Any number of clients share the one connection to it. */
export class McpClient {
  readonly name: string;
  readonly server: McpServerProcess;

  /** Connects to nothing yet. */
  constructor({ name, server }: { readonly name: string; readonly server: McpServerProcess }) {
    this.name = name;
    this.server = server;
  }

  /** Connects to the server, and starts it if it has to. Other methods do that too; this says early what is wrong. */
  initialize(): Promise<ServerStatus> {
    return this.server.start();
  }

  /** The tools of the server; kept, so that it is asked once. Throws what {@link initialize} throws. */
  listTools(options?: { readonly refresh?: boolean }): Promise<readonly DownstreamTool[]> {
    return this.server.hub.listTools(this.server.name, options);
  }

  /**
   * Calls a tool. Throws `NOT_ALLOWED` if its policy or the person who was asked does not allow it, `TOOL_FAILED` with
   * the tool's own words if it says that it failed, `TOO_LARGE`, `CANCELLED`, and what {@link initialize} throws.
   */
  callTool(toolName: string, args: JsonObject = {}, options: CallOptions = {}): Promise<ToolResult> {
    return this.server.hub.callTool({ ...options, server: this.server.name, tool: toolName, args });
  }
}

export interface McpOrchestratorOptions extends McpOptions {
  /** Servers that can be started by their name alone: what stands under `mcpServers`. */
  readonly servers?: Readonly<Record<string, ServerSpec>>;
}

export interface OrchestratorCallParams extends CallOptions {
  /** Of the client. */
  readonly name: string;
  readonly toolName: string;
  readonly arguments?: JsonObject;
}

/**
 * Any number of servers, and clients of them, by name. What one of them does harms no other. It takes what
 * {@link loadMcpServersConfig} returns, as it is.
 */
export class McpOrchestrator {
  readonly #hub: Hub;
  readonly #specs: Map<string, ServerSpec>;
  readonly #clients = new Map<string, McpClient>();

  /** Throws `INVALID_ARGUMENT` if one of the servers cannot be started or reached with what is said of it. */
  constructor({ servers = {}, ...options }: McpOrchestratorOptions = {}) {
    checkIsServersAlone(servers);
    this.#specs = new Map(Object.entries(servers).map(([name, spec]) => [name, checkSpec(name, spec)]));
    this.#hub = openHub(options, Object.fromEntries(this.#specs));
  }

  /**
   * Starts a server, in place of one of that name that does not run. Throws what {@link McpServerProcess.start} throws,
   * and `INVALID_ARGUMENT` if another server of that name runs or was given to the constructor.
   */
  async startServer({ name, ...given }: NamedServer): Promise<McpServerProcess> {
    const spec = isSpec(given) ? checkSpec(name, given) : undefined;
    // To start a stopped server again with the same words is no new server.
    const isNew = spec !== undefined && canonicalJson(this.#specs.get(name)) !== canonicalJson(spec);
    const process = new McpServerProcess(isNew ? { name, ...spec } : { name }, { hub: this.#hub });
    if (isNew) this.#specs.set(name, spec);
    await process.start();
    return process;
  }

  /** Ends a server, and everything that it started. Throws `SERVER_NOT_FOUND`. */
  stopServer(name: string): Promise<ServerStatus> {
    return this.#hub.stop(name);
  }

  /** Ends all servers; then nothing keeps the program alive. */
  stopAllServers(): Promise<readonly ServerStatus[]> {
    return this.#hub.stopAll();
  }

  /** A client of a server, which need not run yet. Throws `SERVER_NOT_FOUND`, and `INVALID_ARGUMENT` if the name is taken. */
  createClient(name: string, serverName: string): McpClient {
    if (this.#clients.has(name))
      throw new Fault('INVALID_ARGUMENT', `There is a client ${name} already.`, {
        hint: 'Choose another name.',
      });
    const server = new McpServerProcess({ name: serverName }, { hub: this.#hub });
    if (server.status === undefined)
      throw serverNotFound(
        serverName,
        this.#hub.statuses().map((status) => status.name),
      );
    const client = new McpClient({ name, server });
    this.#clients.set(name, client);
    return client;
  }

  /** See {@link McpClient.initialize}. Throws `INVALID_ARGUMENT` if there is no such client. */
  async initializeClient(name: string): Promise<ServerStatus> {
    return this.#client(name).initialize();
  }

  /** See {@link McpClient.listTools}. */
  async listTools(name: string): Promise<readonly DownstreamTool[]> {
    return this.#client(name).listTools();
  }

  /** See {@link McpClient.callTool}. */
  async callTool(params: OrchestratorCallParams): Promise<ToolResult> {
    const { name, toolName, arguments: args, ...options } = params;
    return this.#client(name).callTool(toolName, args, options);
  }

  #client(name: string): McpClient {
    const client = this.#clients.get(name);
    if (client !== undefined) return client;
    throw new Fault('INVALID_ARGUMENT', `No client is called ${name}.`, {
      hint: 'Create it with createClient.',
    });
  }
}

/** Without its policies, what was read from a file would allow everything. */
function checkIsServersAlone(servers: Readonly<Record<string, unknown>>): void {
  if (!Array.isArray(servers.notes)) return;
  throw new Fault(
    'INVALID_ARGUMENT',
    '`servers` is all that loadMcpServersConfig returned, and not the servers of it.',
    {
      hint: 'Write: new McpOrchestrator(await loadMcpServersConfig(file)).',
    },
  );
}

function isSpec(spec: Partial<ServerSpec>): spec is ServerSpec {
  return ('command' in spec && spec.command !== undefined) || ('url' in spec && spec.url !== undefined);
}

function openHub(
  {
    env = childEnvironment(process.env),
    stateFolder,
    logger = silentLogger,
    limits,
    policies = {},
    confirm,
  }: McpOptions,
  servers: Readonly<Record<string, ServerSpec>> = {},
): Hub {
  const hub = createHub({
    servers,
    policies,
    clientVersion: packageJson.version,
    childEnv: env,
    stateFolder,
    limits: { ...DEFAULT_HUB_LIMITS, ...limits },
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    logger,
  });
  return {
    ...hub,
    async callTool(call) {
      const { server, tool, args } = call;
      const policy = policyFor(policies[server] ?? {}, tool);
      await checkToolPolicy({ policy, call: { server, tool, args }, confirm });
      return hub.callTool(call);
    },
  };
}
