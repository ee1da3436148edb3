import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createChangeFeed } from '../domain/change-feed.ts';
import { systemClock } from '../domain/clock.ts';
import { openedOnce } from '../domain/opened-once.ts';
import { deferDownstream, mayHaveServers } from './downstream.ts';
import { openGateway } from './open-gateway.ts';
import { openModel } from './open-model.ts';
import { openServices } from './open-services.ts';
import type { WiringParams } from './program.ts';
import { deferScripts } from './scripts.ts';
import { stopSignal } from './stop-signal.ts';
import { deferTasks, watchTasks } from './tasks.ts';

/**
 * Serves one client over stdin and stdout; resolves when it is gone, or when the program is asked to end. What the
 * tools work with is opened by their first use. Throws `CONFIG_INVALID`.
 */
export async function serveStdio(params: WiringParams): Promise<void> {
  const { program, config, logger } = params;
  const { serveOverStdio } = await import('../mcp/stdio.ts');
  const { deferEngine } = await import('../engine/deferred-engine.ts');
  const signal = stopSignal();
  const model = await openModel(params);
  const taskChanges = createChangeFeed(logger);
  const sessionChanges = createChangeFeed<string>(logger);
  let close = async () => {};
  const downstream = deferDownstream(params);
  const scripts = deferScripts({
    ...params,
    downstream,
    journal: async () => (await services()).stores.journal,
  });
  const services = openedOnce(async () => {
    const opened = await openServices({ ...params, model, composer: scripts.composer });
    const { stores } = opened;
    const stopWatching =
      config.toolsets.includes('tasks') && (await watchTasks({ stores, changes: taskChanges, logger }));
    close = async () => {
      if (stopWatching) stopWatching();
      await opened.close();
    };
    return opened;
  });
  const engine = deferEngine(async () => (await services()).engine);
  const agent = openedOnce(async () => {
    const { createAgentSessions } = await import('../agent/agent-sessions.ts');
    const { sessions } = (await services()).stores;
    const { limits } = config;
    return createAgentSessions({ engine, sessions, clock: systemClock, limits, changes: sessionChanges });
  });
  const tasks = deferTasks(
    async () => ({ ...params, changes: taskChanges, ...(await services()) }),
    downstream,
  );
  // Whoever asks for these tools hears at once what is wrong with the list of servers.
  if (config.toolsets.some((toolset) => toolset === 'servers' || toolset === 'composition'))
    await downstream.settings();
  logger.info('Serving over stdio.', {
    database: config.databasePath,
    workflows: config.definitionDirs,
    decider: config.ai.provider,
  });
  try {
    await serveOverStdio(
      {
        engine,
        agent,
        sessionChanges,
        taskQueue: tasks.queue,
        orchestrator: tasks.orchestrator,
        taskChanges,
        gateway: openedOnce(() => openGateway(config, downstream)),
        composer: scripts.composer,
        logger,
        limits: config.limits,
        authoringGuide: () => readFile(join(program.packageRoot, 'docs', 'guides', 'authoring.md'), 'utf8'),
        async afterListing() {
          if (!config.toolsets.includes('composition')) return engine.warmUp();
          await scripts.startSandbox();
          await Promise.all([engine.warmUp(), scripts.composer.warmUp()]);
        },
        version: program.version,
        toolsets: config.toolsets,
        hasServers: mayHaveServers(config),
      },
      signal,
    );
  } finally {
    await Promise.all([tasks.stop(), scripts.close()]);
    await downstream.close();
    await close();
  }
}
