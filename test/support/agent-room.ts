import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AgentSessions, createAgentSessions } from '../../src/agent/agent-sessions.ts';
import { createConditions } from '../../src/definitions/conditions.ts';
import { createDefinitions } from '../../src/definitions/create-definitions.ts';
import { createSchemas } from '../../src/definitions/schemas.ts';
import { type ChangeFeed, createChangeFeed } from '../../src/domain/change-feed.ts';
import { randomIds } from '../../src/domain/ids.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/domain/limits.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { openSqliteStores } from '../../src/store/sqlite/open-sqlite-stores.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { createVirtualTime } from './virtual-time.ts';
import { awaitFileClock, type WrittenFiles, writeFiles } from './written-files.ts';

/** Agent sessions on a real SQLite file and real files of states, both of the running test's own. */
export interface AgentRoom {
  readonly agent: AgentSessions;
  readonly engine: Engine;
  /** Lets time pass. */
  elapse(ms: number): void;
  /** Ids of sessions, in the order in which changes were announced. */
  readonly announced: readonly string[];
  readonly changes: ChangeFeed<string>;
  /** Writes files of the user's own AGENT_STATES. */
  writeStates(files: WrittenFiles): void;
  /** Another process on the same files. */
  second(): Promise<AgentSessions>;
}

export interface AgentRoomParams {
  readonly limits?: Partial<Limits>;
  /** Between agent sessions and the engine. */
  readonly decorate?: (engine: Engine) => Engine;
}

export async function openAgentRoom({
  limits,
  decorate = (engine) => engine,
}: AgentRoomParams = {}): Promise<AgentRoom> {
  const folder = temporaryFolder();
  const roots = [join(folder, 'workflows')];
  const { clock, elapse } = createVirtualTime();
  const allLimits = { ...DEFAULT_LIMITS, ...limits };
  const announced: string[] = [];
  const changes = createChangeFeed<string>(silentLogger);
  changes.add((sessionId) => announced.push(sessionId));

  async function open() {
    const { store, sessions, close } = await openSqliteStores({
      path: join(folder, 'workflows.sqlite'),
      migrationsFolder: 'src/store/migrations/sqlite',
      logger: silentLogger,
    });
    const definitions = createDefinitions({
      roots,
      statesRoot: 'workflows',
      limits: allLimits,
      logger: silentLogger,
    });
    onTestFinished(async () => {
      await definitions.close();
      await close();
    });
    const engine = createEngine({
      store,
      definitions,
      conditions: createConditions(),
      schemas: createSchemas(),
      model: undefined,
      clock,
      ids: randomIds,
      limits: allLimits,
      logger: silentLogger,
    });
    const agent = createAgentSessions({
      engine: decorate(engine),
      sessions,
      clock,
      limits: allLimits,
      changes,
    });
    return { engine, agent };
  }

  return {
    ...(await open()),
    elapse,
    announced,
    changes,
    writeStates(files) {
      awaitFileClock();
      writeFiles(join(folder, 'workflows', 'AGENT_STATES'), files);
    },
    second: async () => (await open()).agent,
  };
}
