import type { Model } from '../../src/ai/model.ts';
import { createStubModel } from '../../src/ai/stub-model.ts';
import type { Definitions } from '../../src/definitions/definitions.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { randomIds } from '../../src/domain/ids.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Store } from '../../src/store/store.ts';
import * as productRoom from './engine-room.ts';

export interface OpenEngineParams {
  readonly databasePath: string;
  /** Defaults to no workflow at all: instances live on what they are pinned to. */
  readonly definitions?: Definitions;
  /** Defaults to the stub; null leaves the decision to the client. */
  readonly model?: Model | null;
  /** Where the parts come from: the sources, or a build with failpoints or a planted defect. */
  readonly room?: typeof productRoom;
  readonly decorate?: (store: Store) => Store;
  /** As in {@link createSqliteStore}. */
  readonly busyBudgetMs?: number;
}

export interface EngineOnFile {
  readonly engine: Engine;
  close(): Promise<void>;
}

/** The engine on a real SQLite file, in this process; any number of them may be open on one file. */
export async function openEngine({
  databasePath,
  definitions = noDefinitions,
  model = createStubModel(),
  room = productRoom,
  decorate = (store) => store,
  busyBudgetMs,
}: OpenEngineParams): Promise<EngineOnFile> {
  const store = await room.createSqliteStore({
    path: databasePath,
    migrationsFolder: 'src/store/migrations/sqlite',
    logger: silentLogger,
    busyBudgetMs,
  });
  const engine = room.createEngine({
    store: decorate(store),
    definitions,
    conditions: room.createConditions(),
    schemas: room.createSchemas(),
    model: model ?? undefined,
    clock: systemClock,
    ids: randomIds,
    limits: room.DEFAULT_LIMITS,
    logger: silentLogger,
  });
  return { engine, close: () => store.close() };
}

const noDefinitions: Definitions = {
  names: async () => [],
  list: async () => ({ items: [] }),
  find: async () => undefined,
  onChange: () => () => {},
  close: async () => {},
};
