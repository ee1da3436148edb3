import { join } from 'node:path';
import type { Performer } from '../../src/ai/performer.ts';
import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import { createStubModel } from '../../src/ai/stub-model.ts';
import { createStubPerformer } from '../../src/ai/stub-performer.ts';
import { createConditions } from '../../src/definitions/conditions.ts';
import { createSchemas } from '../../src/definitions/schemas.ts';
import { createChangeFeed } from '../../src/domain/change-feed.ts';
import type { Definition } from '../../src/domain/definition.ts';
import { randomIds } from '../../src/domain/ids.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/domain/limits.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { Task } from '../../src/domain/task.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { createTaskQueue } from '../../src/queue/create-task-queue.ts';
import { createOrchestrator, type OrchestratorDeps } from '../../src/queue/orchestrator.ts';
import { createPerformerExecutor } from '../../src/queue/performer-executor.ts';
import { createPerformerVerifier } from '../../src/queue/performer-verifier.ts';
import type { Orchestrator } from '../../src/queue/run.ts';
import type { SafetySettings } from '../../src/queue/run-safety.ts';
import { createTaskExecutor } from '../../src/queue/task-executor.ts';
import type { TaskQueue } from '../../src/queue/task-queue.ts';
import { createWorkflowExecutor } from '../../src/queue/workflow-executor.ts';
import { openSqliteStores, type SqliteStores } from '../../src/store/sqlite/open-sqlite-stores.ts';
import { DEFAULT_SAFETY } from './safety-settings.ts';
import { definition, type EditableDefinitions, editableDefinitions, step } from './test-engine.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface OpenQueueParams {
  readonly folder: string;
  readonly time?: VirtualTime;
  readonly limits?: Partial<Limits>;
  /** The one workflow that there is. */
  readonly definition?: Definition;
}

export interface OrchestratorSetup extends Partial<Omit<OrchestratorDeps, 'safety'>> {
  readonly script?: readonly ScriptEntry[];
  readonly performer?: Performer;
  readonly safety?: Partial<SafetySettings>;
}

/** The task queue on a real SQLite file, in virtual time. */
export interface QueueOnFile {
  readonly stores: SqliteStores;
  readonly queue: TaskQueue;
  /** On the same file; a stub that reads guidance decides. */
  readonly engine: Engine;
  readonly definitions: EditableDefinitions;
  readonly time: VirtualTime;
  readonly limits: Limits;
  /** How many changes were announced. */
  announced(): number;
  /** By the stub, unless the setup says otherwise. */
  orchestrator(setup?: OrchestratorSetup): Orchestrator;
  /** Adds tasks that differ in nothing but their description. */
  add(descriptions: readonly string[]): Promise<readonly string[]>;
  task(id: string): Promise<Task>;
  close(): Promise<void>;
}

export async function openQueue({
  folder,
  time = createVirtualTime(),
  limits: changedLimits,
  definition: first = definition([step('one')]),
}: OpenQueueParams): Promise<QueueOnFile> {
  const stores = await openSqliteStores({
    path: join(folder, 'workflows.sqlite'),
    migrationsFolder: 'src/store/migrations/sqlite',
    logger: silentLogger,
  });
  const { tasks } = stores;
  const { clock, timers } = time;
  const limits = { ...DEFAULT_LIMITS, ...changedLimits };
  const changes = createChangeFeed(silentLogger);
  let announcements = 0;
  changes.add(() => announcements++);
  const definitions = editableDefinitions(first);
  const engine = createEngine({
    store: stores.store,
    definitions,
    conditions: createConditions(),
    schemas: createSchemas(),
    model: createStubModel(),
    clock,
    ids: randomIds,
    limits,
    logger: silentLogger,
  });
  const { findWorkflow } = engine;
  const queue = createTaskQueue({ tasks, findWorkflow, clock, limits, changes, breaker: DEFAULT_SAFETY });
  return {
    stores,
    queue,
    engine,
    definitions,
    time,
    limits,
    announced: () => announcements,
    orchestrator({ script, performer = createStubPerformer({ script, timers }), safety, ...setup } = {}) {
      return createOrchestrator({
        tasks,
        executor: createTaskExecutor({
          byWorkflow: createWorkflowExecutor({ engine, performer }),
          byPerformer: createPerformerExecutor({ performer }),
        }),
        verifier: createPerformerVerifier(performer),
        safety: { ...DEFAULT_SAFETY, ...safety },
        leaseMs: 60_000,
        limits,
        clock,
        timers,
        logger: silentLogger,
        changes,
        ...setup,
      });
    },
    async add(descriptions) {
      const added = await queue.addTasks({ descriptions });
      return added.tasks.map(({ id }) => id);
    },
    async task(id) {
      const task = await tasks.findTask(id);
      if (task === undefined) throw new Error(`no task ${id}`);
      return task;
    },
    close: () => stores.close(),
  };
}
