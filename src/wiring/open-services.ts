import { join } from 'node:path';
import type { Model } from '../ai/model.ts';
import type { Composer } from '../composer/composer.ts';
import { systemClock } from '../domain/clock.ts';
import { randomIds } from '../domain/ids.ts';
import type { Engine } from '../engine/engine.ts';
import type { SqliteStores } from '../store/sqlite/open-sqlite-stores.ts';
import type { WiringParams } from './program.ts';

/** The engine, and the database that it and others work on. */
export interface Services {
  readonly engine: Engine;
  readonly stores: SqliteStores;
  close(): Promise<void>;
}

export interface OpenServicesParams extends WiringParams {
  readonly model?: Model;
  /** For the steps that have a script; only where runs are moved. */
  readonly composer?: Composer;
}

export async function openServices(params: OpenServicesParams): Promise<Services> {
  const { program, config, logger, model, composer } = params;
  const [{ createEngine }, { openSqliteStores }, language] = await Promise.all([
    import('../engine/engine.ts'),
    import('../store/sqlite/open-sqlite-stores.ts'),
    import('../definitions/index.ts'),
  ]);
  const { migrationsFolder } = program;
  const stores = await openSqliteStores({ path: config.databasePath, migrationsFolder, logger });
  const definitions = language.createDefinitions({
    roots: config.definitionDirs,
    statesRoot: join(program.packageRoot, 'workflows'),
    limits: config.limits,
    logger,
  });
  const engine = createEngine({
    store: stores.store,
    definitions,
    conditions: language.createConditions(),
    schemas: language.createSchemas(),
    model,
    composer,
    clock: systemClock,
    ids: randomIds,
    limits: config.limits,
    logger,
  });
  return {
    engine,
    stores,
    async close() {
      await definitions.close();
      await stores.close();
    },
  };
}
