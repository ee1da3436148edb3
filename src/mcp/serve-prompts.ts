import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import type { Logger } from '../domain/logger.ts';
import type { PromptListing, PromptProvider } from './prompt-provider.ts';
import { protocolError } from './wire-errors.ts';

export interface ServePromptsParams {
  /** Where two have a prompt of one name, the earlier wins. */
  readonly providers: readonly PromptProvider[];
  readonly logger: Logger;
}

/** Answers `prompts/*`. */
export function servePrompts(server: Server, { providers, logger }: ServePromptsParams): void {
  server.setRequestHandler('prompts/list', async ({ params }) => {
    try {
      const pages = await Promise.all(providers.map((provider) => provider.list(params?.cursor)));
      return {
        prompts: pages.flatMap(({ prompts }) => prompts).map(writable),
        nextCursor: pages.find(({ nextCursor }) => nextCursor !== undefined)?.nextCursor,
      };
    } catch (error) {
      throw protocolError(error, logger);
    }
  });

  server.setRequestHandler('prompts/get', async ({ params }) => {
    try {
      for (const provider of providers) {
        const prompt = await provider.get(params.name, params.arguments ?? {});
        if (prompt === undefined) continue;
        const { description, text } = prompt;
        return {
          description,
          messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }],
        };
      }
    } catch (error) {
      throw protocolError(error, logger);
    }
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt ${params.name}.`);
  });
}

/** The SDK's types want lists that could be written to. */
function writable({ arguments: args, ...prompt }: PromptListing) {
  return { ...prompt, arguments: args.map((argument) => ({ ...argument })) };
}
