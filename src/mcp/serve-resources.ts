import type { Server } from '@modelcontextprotocol/server';
import type { Logger } from '../domain/logger.ts';
import type { ResourceContent, ResourceProvider } from './resource-provider.ts';
import { protocolError, resourceNotFound } from './wire-errors.ts';

export interface ServeResourcesParams {
  readonly providers: readonly ResourceProvider[];
  readonly era: 'legacy' | 'modern';
  readonly logger: Logger;
}

/** Answers `resources/*`, and tells subscribers what changed. */
export function serveResources(server: Server, { providers, era, logger }: ServeResourcesParams): void {
  server.setRequestHandler('resources/list', async ({ params }) => {
    try {
      const pages = await Promise.all(providers.map((provider) => provider.list(params?.cursor)));
      return {
        resources: pages.flatMap(({ resources }) => resources),
        nextCursor: pages.find(({ nextCursor }) => nextCursor !== undefined)?.nextCursor,
      };
    } catch (error) {
      throw protocolError(error, logger);
    }
  });

  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: providers.flatMap(({ templates }) => templates),
  }));

  async function read(uri: string): Promise<ResourceContent> {
    try {
      for (const provider of providers) {
        const content = await provider.read(uri);
        if (content !== undefined) return content;
      }
    } catch (error) {
      throw protocolError(error, logger);
    }
    throw resourceNotFound(uri);
  }

  server.setRequestHandler('resources/read', async ({ params: { uri } }) => ({
    contents: [{ uri, ...(await read(uri)) }],
  }));

  // Clients of the 2025 era subscribe by these verbs; for later ones the entry keeps the books itself.
  const subscribed = new Set<string>();
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    // Whoever waits for what is not there would wait for ever; and what was read is followed.
    await read(uri);
    subscribed.add(uri);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });

  const send = (notification: Promise<void>) =>
    void notification.catch((error: unknown) => logger.debug('A notification could not be sent.', { error }));
  const listener = {
    updated(uri: string) {
      if (era === 'modern' || subscribed.has(uri)) send(server.sendResourceUpdated({ uri }));
    },
    listChanged() {
      send(server.sendResourceListChanged());
      send(server.sendPromptListChanged());
    },
  };
  const stops = providers.map((provider) => provider.watch(listener));
  const previousOnClose = server.onclose;
  server.onclose = () => {
    for (const stop of stops) stop();
    previousOnClose?.();
  };
}
