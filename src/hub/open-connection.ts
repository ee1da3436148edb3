import { Client, type Transport } from '@modelcontextprotocol/client';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import { type Connection, createRequests, NO_TIMEOUT_MS } from './connection.ts';
import { contentLengthFraming } from './content-length-framing.ts';
import { handshakeFault, unavailable } from './faults.ts';
import { createHttpTransport } from './http-transport.ts';
import type { ServerSpec } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { newlineFraming } from './newline-framing.ts';
import { orAborted } from './or-aborted.ts';
import type { Quote } from './quote.ts';
import { createStdioTransport } from './stdio-transport.ts';
import type { Supervisor } from './supervisor.ts';

export interface OpenConnectionParams {
  readonly server: string;
  readonly spec: ServerSpec;
  /** Of this program, which the server is told. */
  readonly clientVersion: string;
  readonly supervisor: Supervisor;
  readonly limits: HubLimits;
  readonly quote: Quote;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The server was legacy before, so that it is not asked again. */
  readonly isKnownLegacy: boolean;
  readonly onToolsChanged: () => void;
  /** Told once, when the connection is over, whoever ended it. */
  readonly onOver: () => void;
}

/**
 * Connects, and shakes hands. Throws `SERVER_UNAVAILABLE`, or anything once the signal is aborted; nothing is left
 * behind then.
 */
export async function openConnection(params: OpenConnectionParams, signal: AbortSignal): Promise<Connection> {
  const { server, spec, logger, quote, isKnownLegacy, onToolsChanged, onOver } = params;
  let brokenBecause: string | undefined;
  const { transport, pid } = await openTransport(params, (reason) => {
    brokenBecause = reason;
  });
  const client = new Client(
    { name: 'orchestrator-mcp-server', version: params.clientVersion },
    {
      // A process is asked for the older protocol at once: to ask for the newer one first takes another process.
      versionNegotiation: { mode: pid === undefined ? 'auto' : 'legacy' },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: onToolsChanged } },
    },
  );
  // Servers that did not announce that they would say so are heard too.
  client.setNotificationHandler('notifications/tools/list_changed', onToolsChanged);
  client.onerror = (error) =>
    logger.debug('A connection to a downstream server reported an error.', {
      server,
      error: quote(error.message),
    });
  let isConnected = false;
  let isOver = false;
  client.onclose = () => {
    isOver = true;
    if (isConnected) onOver();
  };
  try {
    const prior = isKnownLegacy ? { kind: 'legacy' as const } : undefined;
    await orAborted(client.connect(transport, { timeout: NO_TIMEOUT_MS, signal, prior }), signal);
    if (isOver) throw unavailable(server, 'closed the connection');
    isConnected = true;
  } catch (error) {
    void transport.close();
    if (signal.aborted) throw error;
    // Its end is the better reason than that it did not answer.
    throw brokenBecause === undefined
      ? handshakeFault(error, { server, quote })
      : unavailable(server, brokenBecause);
  }
  const info = client.getServerVersion();
  const title = info?.title || info?.name;
  return {
    ...(pid !== undefined && { pid }),
    ...(title && { title: quote(title) }),
    ...(info?.version && { version: quote(info.version) }),
    isLegacy: client.getProtocolEra() === 'legacy',
    isStdio: !('url' in spec),
    overBecause: () => brokenBecause ?? (isOver ? 'was stopped' : undefined),
    ...createRequests(client),
    close: () => client.close(),
  };
}

async function openTransport(
  { server, spec, supervisor, limits, quote, timers, logger }: OpenConnectionParams,
  onBroken: (reason: string) => void,
): Promise<{ readonly transport: Transport; readonly pid?: number }> {
  if ('url' in spec) return { transport: createHttpTransport({ server, spec, limits, timers }) };
  const process = await supervisor.start({ server, spec, quote });
  const framing = spec.framing === 'content-length' ? contentLengthFraming : newlineFraming;
  const transport = createStdioTransport({
    server,
    process,
    framing,
    limits,
    quote,
    timers,
    logger,
    onBroken,
  });
  return { transport, pid: process.pid };
}
