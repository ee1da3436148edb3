import type { Server, ServerContext } from '@modelcontextprotocol/server';
import { Fault } from '../domain/errors.ts';
import type { McpServerDeps } from './server.ts';
import { toolListing } from './tool-listing.ts';
import { toolsOf } from './toolsets.ts';
import { excerpt, invalidArguments, toolError, toolResult } from './wire-errors.ts';

/** How often a client that asked for progress hears that its call is still at work: well under common time-outs. */
const PROGRESS_INTERVAL_MS = 5_000;

/** The first protocol version with structured content. To older clients it is noise, and some count its length. */
const STRUCTURED_CONTENT_SINCE = '2025-06-18';

/** Answers `tools/list` and `tools/call`. */
export function serveTools(server: Server, deps: McpServerDeps): void {
  const tools = toolsOf(deps.toolsets);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));

  server.setRequestHandler('tools/list', () => {
    // Clients wait for this answer before they show the server as ready, so that it goes out first.
    setImmediate(() => {
      deps
        .afterListing()
        .catch((error: unknown) => deps.logger.error('The engine cannot be opened.', { error }));
    });
    return { tools: tools.map(toolListing) };
  });

  const call = async (
    params: { readonly name: string; readonly arguments?: unknown },
    ctx: ServerContext,
  ) => {
    try {
      const tool = byName.get(params.name);
      if (tool === undefined) {
        throw new Fault('INVALID_ARGUMENT', `There is no tool "${excerpt(params.name, 100)}".`, {
          hint: `Tools: ${tools.map(({ name }) => name).join(', ')}.`,
        });
      }
      const parsed = tool.input.safeParse(params.arguments ?? {});
      if (!parsed.success) throw invalidArguments(tool.name, parsed.error);
      const work = () => tool.run(parsed.data, deps, { signal: ctx.mcpReq.signal });
      return toolResult(await (tool.long ? withProgress(ctx, work) : work()));
    } catch (error) {
      return toolError(error, deps.logger);
    }
  };

  server.setRequestHandler('tools/call', async ({ params }, ctx) => {
    const { structuredContent, ...result } = await call(params, ctx);
    const version = server.getNegotiatedProtocolVersion();
    return version !== undefined && version < STRUCTURED_CONTENT_SINCE
      ? result
      : { ...result, structuredContent };
  });
}

/** Tells a client that asked for it that the call is alive, so that it need not give up on a slow model. */
async function withProgress<Result>(ctx: ServerContext, work: () => Promise<Result>): Promise<Result> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return work();
  let progress = 0;
  const notify = () =>
    ctx.mcpReq.notify({
      method: 'notifications/progress',
      params: {
        progressToken,
        progress: ++progress,
        message: progress === 1 ? 'Deciding' : 'Still deciding',
      },
    });
  await notify();
  // A notification that cannot be sent means that the client is gone; the call itself hears of that by its signal.
  const timer = setInterval(() => void notify().catch(() => clearInterval(timer)), PROGRESS_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
