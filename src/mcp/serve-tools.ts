import { isInputRequiredResult, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { Fault } from '../domain/errors.ts';
import { QuestionPending } from '../domain/question-pending.ts';
import { confirmationFor, questionResult } from './confirmation.ts';
import { progressTo } from './progress.ts';
import type { McpServerDeps, McpServerParams } from './server.ts';
import { toolListing } from './tool-listing.ts';
import { toolsOf } from './toolsets.ts';
import { excerpt, invalidArguments, toolError, toolResult } from './wire-errors.ts';

/** The first protocol version with structured content. To older clients it is noise, and some count its length. */
const STRUCTURED_CONTENT_SINCE = '2025-06-18';

/** Answers `tools/list` and `tools/call`. */
export function serveTools(server: Server, deps: McpServerDeps, { era }: McpServerParams): void {
  const tools = toolsOf(deps.surfaces);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));

  server.setRequestHandler('tools/list', () => {
    // Clients wait for this answer before they show the server as ready, so that it goes out first.
    setImmediate(() => {
      deps
        .afterListing()
        .catch((error: unknown) => deps.logger.error('The engine cannot be opened.', { error }));
    });
    return { tools: tools.map((tool) => toolListing(tool, deps)) };
  });

  const call = async (
    params: { readonly name: string; readonly arguments?: unknown },
    ctx: ServerContext,
  ) => {
    const progress = progressTo(ctx);
    try {
      const tool = byName.get(params.name);
      if (tool === undefined) {
        throw new Fault('INVALID_ARGUMENT', `There is no tool "${excerpt(params.name, 100)}".`, {
          hint: `Tools: ${tools.map(({ name }) => name).join(', ')}.`,
        });
      }
      const parsed = tool.input.safeParse(params.arguments ?? {});
      if (!parsed.success) throw invalidArguments(tool.name, parsed.error);
      const confirmation = confirmationFor({ server, ctx, era });
      const work = () =>
        tool.run(parsed.data, deps, {
          ...confirmation,
          signal: ctx.mcpReq.signal,
          onProgress: progress.tell,
        });
      return toolResult(await (tool.long === 'pulse' ? progress.pulse(work) : work()));
    } catch (error) {
      if (error instanceof QuestionPending) return questionResult(error);
      return toolError(error, deps.logger);
    } finally {
      await progress.sent();
    }
  };

  server.setRequestHandler('tools/call', async ({ params }, ctx) => {
    const answer = await call(params, ctx);
    if (isInputRequiredResult(answer)) return answer;
    const { structuredContent, ...result } = answer;
    const version = server.getNegotiatedProtocolVersion();
    return version !== undefined && version < STRUCTURED_CONTENT_SINCE
      ? result
      : { ...result, structuredContent };
  });
}
