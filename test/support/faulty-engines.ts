import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { EngineOnFile, OpenEngineParams } from './engine-on-file.ts';
import { openEngine } from './engine-on-file.ts';
import { buildFaulty } from './faulty-build.ts';
import type { Mutant } from './mutants.ts';
import { type Acknowledged, consultOracle, type OracleParams } from './oracle.ts';

type Room = typeof import('./engine-room.ts');

/** Engines of one build, in this process, on one file. */
export interface FaultyEngines {
  readonly room: Room;
  readonly folder: string;
  readonly databasePath: string;
  readonly acknowledged: Acknowledged[];
  readonly problems: string[];
  /** Closed at the end, if it was not before. */
  open(params?: Omit<OpenEngineParams, 'databasePath' | 'room'>): Promise<EngineOnFile>;
}

export interface FaultyEnginesParams extends Pick<OracleParams, 'decisionFrom'> {
  readonly mutant?: Mutant | undefined;
  readonly work: (engines: FaultyEngines) => Promise<void>;
}

/** Builds the engine with failpoints, lets a campaign work with it, and returns what went wrong: nothing should. */
export async function withFaultyEngines({
  mutant,
  work,
  decisionFrom,
}: FaultyEnginesParams): Promise<readonly string[]> {
  const build = await buildFaulty({ entry: 'engine-room', mutant });
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-faults-'));
  const databasePath = join(folder, 'workflows.sqlite');
  const opened = new Set<EngineOnFile>();
  const acknowledged: Acknowledged[] = [];
  const problems: string[] = [];
  try {
    const room = await build.engineRoom();
    await (await openEngine({ databasePath, room })).close();
    if (mutant?.sql !== undefined) execute(databasePath, mutant.sql);
    await work({
      room,
      folder,
      databasePath,
      acknowledged,
      problems,
      async open(params) {
        const { engine, close } = await openEngine({ ...params, databasePath, room });
        const open: EngineOnFile = {
          engine,
          close() {
            opened.delete(open);
            return close();
          },
        };
        opened.add(open);
        return open;
      },
    });
    room.armFailpoints(undefined);
    const { engine, close } = await openEngine({ databasePath });
    const found = await consultOracle({ databasePath, acknowledged, decisionFrom, engine });
    await close();
    return [...problems, ...found];
  } finally {
    for (const engine of opened) await engine.close();
    await rm(folder, { recursive: true, force: true });
    await build.dispose();
  }
}

function execute(databasePath: string, sql: string): void {
  const database = new Database(databasePath);
  database.exec(sql);
  database.close();
}
