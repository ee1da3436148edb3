import type { Server } from '@modelcontextprotocol/server';
import type { Logger } from '../domain/logger.ts';
import type { PromptProvider } from './prompt-provider.ts';
import type { ResourceProvider } from './resource-provider.ts';
import { protocolError } from './wire-errors.ts';

/** As many values as the protocol lets one completion carry. */
const VALUES_MAX = 100;

export interface ServeCompletionsParams {
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly PromptProvider[];
  readonly logger: Logger;
}

/** Completes variables in resource addresses, and arguments of prompts. */
export function serveCompletions(
  server: Server,
  { resources, prompts, logger }: ServeCompletionsParams,
): void {
  async function allValues(ask: readonly (() => Promise<readonly string[] | undefined>)[]) {
    for (const next of ask) {
      const values = await next();
      if (values !== undefined) return values;
    }
    return [];
  }

  server.setRequestHandler('completion/complete', async ({ params: { ref, argument } }) => {
    const { name, value } = argument;
    try {
      const all = await allValues(
        ref.type === 'ref/prompt'
          ? prompts.map((provider) => () => provider.complete(ref.name, name, value))
          : resources.map((provider) => () => provider.complete(ref.uri, name, value)),
      );
      const matching = all.filter((candidate) => candidate.toLowerCase().startsWith(value.toLowerCase()));
      const values = matching.slice(0, VALUES_MAX);
      return { completion: { values, total: matching.length, hasMore: matching.length > values.length } };
    } catch (error) {
      throw protocolError(error, logger);
    }
  });
}
