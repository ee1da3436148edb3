import type { Worker } from '../cli/services.ts';
import { createChangeFeed } from '../domain/change-feed.ts';
import { deferDownstream } from './downstream.ts';
import { openModel } from './open-model.ts';
import { openServices } from './open-services.ts';
import { openWorker } from './open-worker.ts';
import type { WiringParams } from './program.ts';
import { deferScripts } from './scripts.ts';

/** What works on the tasks of the queue without a server. Throws `CONFIG_INVALID`. */
export async function openTaskWorker(params: WiringParams): Promise<Worker> {
  const model = await openModel(params);
  const downstream = deferDownstream(params);
  const scripts = deferScripts({ ...params, downstream, journal: async () => services.stores.journal });
  const services = await openServices({ ...params, model, composer: scripts.composer });
  const { engine, stores } = services;
  const changes = createChangeFeed(params.logger);
  const { run } = await openWorker({ ...params, engine, stores, changes, downstream });
  return {
    run,
    async close() {
      await scripts.close();
      await downstream.close();
      await services.close();
    },
  };
}
