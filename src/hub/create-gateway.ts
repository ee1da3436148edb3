import { Fault } from '../domain/errors.ts';
import { canonicalJson } from '../domain/json.ts';
import { checkToolPolicy, type ToolPolicy } from '../domain/tool-policy.ts';
import { serverNotFound } from './faults.ts';
import type {
  Gateway,
  GatewayCallParams,
  GatewayResult,
  ServerClient,
  StartServerParams,
} from './gateway.ts';
import type { Hub, ServerSpec, ServerStatus } from './hub.ts';

/** More than anyone keeps in mind; a caller that loops must not fill the memory. */
const UNLISTED_SERVERS_MAX = 100;
const CLIENTS_MAX = 1_000;

export interface GatewayParams {
  readonly hub: Hub;
  /** What the configuration says of servers. */
  readonly configured: Readonly<Record<string, ServerSpec>>;
  readonly policyOf: (server: string, tool: string) => ToolPolicy;
  /** What to say of it that there is no server, where there is none. */
  readonly noServersNote: string;
  /** Whether callers may name commands that the configuration does not have. */
  readonly allowUnlisted: boolean;
}

export function createGateway({
  hub,
  configured,
  policyOf,
  noServersNote,
  allowUnlisted,
}: GatewayParams): Gateway {
  /** By their names; what they were started with. */
  const unlisted = new Map<string, string>();
  const clients = new Map<string, ServerClient>();

  const serverOf = (name: string) => clients.get(name)?.server ?? name;

  async function startServer(params: StartServerParams): Promise<ServerStatus> {
    const { name, command } = params;
    if (command === undefined) {
      if (params.args !== undefined || params.env !== undefined)
        throw new Fault('INVALID_ARGUMENT', '`args` and `env` go with a `command`, and there is none.', {
          hint: 'Leave them out: the configuration says how its servers are started.',
        });
    } else if (Object.hasOwn(configured, name)) {
      checkAsConfigured(params, configured[name] as ServerSpec);
    } else addUnlisted({ ...params, command });
    return hub.start(name);
  }

  function addUnlisted(params: StartServerParams & { readonly command: string }): void {
    const { name, command, args = [], env = {} } = params;
    if (!allowUnlisted) throw unlistedRefused(name, Object.keys(configured));
    const words = canonicalJson([command, args, env]);
    // To start a stopped server again with the same words is no new server.
    if (unlisted.get(name) === words) return;
    if (serverOf(name) !== name)
      throw new Fault('INVALID_ARGUMENT', `The client ${name} is one of the server ${serverOf(name)}.`, {
        hint: 'Choose another name.',
      });
    if (!unlisted.has(name) && unlisted.size >= UNLISTED_SERVERS_MAX)
      throw new Fault('TOO_LARGE', `There are ${UNLISTED_SERVERS_MAX} servers beside the configured ones.`, {
        hint: 'Use one of them.',
      });
    hub.add(name, { command, args, env });
    unlisted.set(name, words);
  }

  /** A name that stands for two servers would let one of them take the place of the other. */
  function checkClient({ name, server }: ServerClient): void {
    const servers = hub.statuses().map((status) => status.name);
    if (!servers.includes(server)) throw serverNotFound(server, servers);
    const known = clients.get(name);
    if (known !== undefined && known.server !== server)
      throw new Fault('INVALID_ARGUMENT', `The client ${name} is one of the server ${known.server}.`, {
        hint: 'Choose another name.',
      });
    if (name !== server && servers.includes(name))
      throw new Fault('INVALID_ARGUMENT', `There is a server ${name}, and this is a client of another one.`, {
        hint: 'Choose another name.',
      });
    if (known === undefined && clients.size >= CLIENTS_MAX)
      throw new Fault('TOO_LARGE', `There are ${CLIENTS_MAX} clients.`, { hint: 'Use one of them.' });
  }

  return {
    startServer,
    stopServer: (name) => hub.stop(name),
    stopAllServers: () => hub.stopAll(),
    servers: () => hub.statuses(),
    noServersNote: () => (hub.statuses().length === 0 ? noServersNote : undefined),
    clients: () => [...clients.values()],
    createClient(client) {
      checkClient(client);
      clients.set(client.name, client);
      return client;
    },
    initializeClient: (name) => hub.start(serverOf(name)),
    async listTools(name, options) {
      const server = serverOf(name);
      const tools = await hub.listTools(server, options);
      const status = hub.statuses().find(({ name }) => name === server);
      const { toolsDropped: dropped = 0, unmatchedRules } = status ?? {};
      const permitted = tools.map((tool) => ({ ...tool, policy: policyOf(server, tool.name) }));
      return { server, tools: permitted, dropped, unmatchedRules };
    },
    async callTool({ name, tool, args, confirm, ...options }: GatewayCallParams): Promise<GatewayResult> {
      const server = serverOf(name);
      try {
        await checkToolPolicy({ policy: policyOf(server, tool), call: { server, tool, args }, confirm });
        return { server, ...(await hub.callTool({ ...options, server, tool, args })) };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        throw error.with({ details: { ...error.details, server, tool } });
      }
    },
  };
}

/** What the operator has written down is started as it is written, whatever a caller adds. */
function checkAsConfigured({ name, command, args = [], env }: StartServerParams, spec: ServerSpec): void {
  const isSame =
    'command' in spec &&
    spec.command === command &&
    JSON.stringify(spec.args ?? []) === JSON.stringify(args) &&
    env === undefined;
  if (isSame) return;
  throw new Fault(
    'NOT_ALLOWED',
    `The server ${name} is started as the configuration says, and not otherwise.`,
    {
      hint: 'Leave `command`, `args` and `env` out.',
      details: { server: name },
    },
  );
}

function unlistedRefused(name: string, configured: readonly string[]): Fault {
  const names = configured.length === 0 ? 'It has none.' : `It has: ${configured.join(', ')}.`;
  return new Fault(
    'NOT_ALLOWED',
    `The server ${name} is not in the configuration, and the operator does not allow others.`,
    {
      hint: `${names} The operator adds servers to MCP_SERVERS_CONFIG, or allows every command with ORCHESTRATOR_ALLOW_UNLISTED_SERVERS=true.`,
      details: { server: name },
    },
  );
}
