import { type ServeStdioOptions, StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { createMcpServer, type McpServerDeps } from './server.ts';

/** Serves one client over this process's stdin and stdout; resolves when the client is gone or `signal` is aborted. */
export async function serveOverStdio(deps: McpServerDeps, signal: AbortSignal): Promise<void> {
  const transport = new StdioServerTransport();
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
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
