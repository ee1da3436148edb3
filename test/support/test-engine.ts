import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '../../src/ai/model.ts';
import { createConditions } from '../../src/definitions/conditions.ts';
import type { Definitions, LoadedWorkflow } from '../../src/definitions/definitions.ts';
import { createSchemas } from '../../src/definitions/schemas.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Decision, DecisionRecord } from '../../src/domain/decision.ts';
import type { Definition, Step } from '../../src/domain/definition.ts';
import type { Ids } from '../../src/domain/ids.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/domain/limits.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import { pinDefinition } from '../../src/domain/pin-definition.ts';
import type { EngineDeps } from '../../src/engine/core.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

/** A clock that moves only when it is told to, by one millisecond for each look at it. */
function virtualClock(): Clock {
  let ms = Date.parse('2026-01-01T00:00:00.000Z');
  return { now: () => new Date(ms++).toISOString(), monotonicMs: () => ms };
}

/** Ids that count, so that a test can be read. */
function countingIds(): Ids {
  let instances = 0;
  let tokens = 0;
  return { instanceId: () => `instance-${++instances}`, stepToken: () => `token-${++tokens}` };
}

export function step(name: string, extra: Partial<Step> = {}): Step {
  return { name, fileStem: name, guidance: `Decide after ${name}.`, instructions: `Do ${name}.`, ...extra };
}

export function definition(steps: readonly Step[], extra: Partial<Definition> = {}): Definition {
  return { name: 'TEST', goal: 'A goal.', steps, ...extra };
}

/** Definitions that a test changes by assigning to `current`. */
export interface EditableDefinitions extends Definitions {
  current: Definition | undefined;
}

export function editableDefinitions(first: Definition): EditableDefinitions {
  const loaded = (): LoadedWorkflow[] =>
    definitions.current === undefined
      ? []
      : [
          {
            name: definitions.current.name,
            usable: true,
            pinned: pinDefinition(definitions.current),
            sources: [],
            diagnostics: [],
          },
        ];
  const definitions: EditableDefinitions = {
    current: first,
    names: async () => loaded().map(({ name }) => name),
    list: async () => ({ items: loaded() }),
    find: async (name) => loaded().find((workflow) => workflow.name === name),
    onChange: () => () => {},
    close: async () => {},
  };
  return definitions;
}

/** A model that plays what the test hands it, and counts how often it is asked. */
export interface PlayedModel extends Model {
  readonly asked: Parameters<Model['decide']>[0][];
  play: (
    request: Parameters<Model['decide']>[0],
    options: Parameters<Model['decide']>[1],
  ) => Promise<Decision>;
}

export function playedModel(play: PlayedModel['play']): PlayedModel {
  const model: PlayedModel = {
    decider: 'stub',
    readsHistory: true,
    asked: [],
    play,
    async decide(request, options): Promise<DecisionRecord> {
      model.asked.push(request);
      return { decider: 'stub', candidates: request.allowed, ...(await model.play(request, options)) };
    },
  };
  return model;
}

export interface TestEngine {
  readonly engine: Engine;
  readonly store: Store;
  readonly definitions: EditableDefinitions;
  /** Another engine on the same file, as another process would have it. */
  second(deps?: Pick<EngineDeps, 'composer'>): Promise<Engine>;
  close(): Promise<void>;
}

export interface TestEngineParams {
  readonly definition: Definition;
  readonly model?: Model;
  readonly composer?: EngineDeps['composer'];
  readonly timers?: EngineDeps['timers'];
  /** What the first engine, but no other one, sees of its store. */
  readonly wrapStore?: (store: Store) => Store;
  readonly limits?: Partial<Limits>;
  /** Of another build, in place of the sources' own. */
  readonly createEngine?: typeof createEngine;
}

/** The engine on a real SQLite file of its own. */
export async function createTestEngine({
  definition: first,
  model,
  composer,
  timers,
  wrapStore = (store) => store,
  limits,
  createEngine: construct = createEngine,
}: TestEngineParams): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-engine-'));
  const definitions = editableDefinitions(first);
  const clock = virtualClock();
  const ids = countingIds();
  const stores: Store[] = [];
  const open = async (wrap: (store: Store) => Store, deps: Pick<EngineDeps, 'composer'>) => {
    const store = await createSqliteStore({
      path: join(folder, 'workflows.sqlite'),
      migrationsFolder: 'src/store/migrations/sqlite',
      logger: silentLogger,
    });
    stores.push(store);
    const engine = construct({
      store: wrap(store),
      definitions,
      conditions: createConditions(),
      schemas: createSchemas(),
      model,
      ...deps,
      clock,
      timers,
      ids,
      limits: { ...DEFAULT_LIMITS, ...limits },
      logger: silentLogger,
    });
    return { store, engine };
  };
  const { store, engine } = await open(wrapStore, { composer });
  return {
    engine,
    store,
    definitions,
    second: async (deps = { composer }) => (await open((store) => store, deps)).engine,
    async close() {
      await Promise.all(stores.map((each) => each.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
