import { pipeline } from 'node:stream';
import { type ServeStdioOptions, StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Limits } from '../domain/limits.ts';
import { createRequestGuard } from './request-guard.ts';
import { createMcpServer, type McpServerDeps } from './server.ts';
import { loadSurfaces } from './toolsets.ts';
import { requestRefusal } from './wire-errors.ts';

export interface StdioServerDeps extends Omit<McpServerDeps, 'surfaces'> {
  readonly limits: Limits;
}

/** Serves one client over this process's stdin and stdout; resolves when the client is gone or `signal` is aborted. */
export async function serveOverStdio(params: StdioServerDeps, signal: AbortSignal): Promise<void> {
  const { limits, ...shared } = params;
  const deps: McpServerDeps = { ...shared, surfaces: await loadSurfaces(shared.toolsets) };
  // The transport of the SDK ends the process without a word when a line is too long for it.
  const guard = createRequestGuard({
    limits,
    onRefused(fault, id) {
      deps.logger.warn('A request was refused.', { error: fault, id });
      process.stdout.write(`${JSON.stringify(requestRefusal(fault, id))}\n`);
    },
  });
  const transport = new StdioServerTransport(guard);
  const options: ServeStdioOptions = {
    transport,
    onerror: (error) => deps.logger.warn('The connection reported an error.', { error }),
  };
  await new Promise<void>((resolve) => {
    const handle = serveStdio(({ era }) => createMcpServer(deps, { era }), options);
    const entryOnClose = transport.onclose;
    transport.onclose = () => {
      entryOnClose?.();
      resolve();
    };
    const stop = () => void handle.close().then(resolve, resolve);
    // However stdin ends, the guard ends with it, and the transport with the guard.
    pipeline(process.stdin, guard, () => {});
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  // A stdin that is still read keeps the process alive.
  guard.destroy();
}
