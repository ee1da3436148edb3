import { spawn } from 'node:child_process';
import Database from 'better-sqlite3';
import { openEngine } from './engine-on-file.ts';
import { buildFaulty } from './faulty-build.ts';
import { serverEnv } from './mcp-clients.ts';
import type { Mutant } from './mutants.ts';
import { type Acknowledged, consultOracle, type OracleParams } from './oracle.ts';
import { attachRawServer, type RawServer } from './raw-server.ts';
import { createScratch, type Scratch } from './scratch.ts';

type Variables = Readonly<Record<string, string>>;

/** Server processes of one build on one file, and what clients saw of them. */
export interface FaultyServers {
  readonly scratch: Scratch;
  readonly serverFile: string;
  /** What clients were told; the oracle wants to find it again. */
  readonly acknowledged: Acknowledged[];
  /** What clients saw and never should. */
  readonly problems: string[];
  /** A server that has shaken hands; killed at the end. */
  start(env?: Variables): Promise<RawServer>;
  /** Takes the second guards away that would hide the planted defect, once the tables are there. */
  exposeDefect(): void;
}

export interface FaultyServersParams extends Pick<OracleParams, 'decisionFrom'> {
  readonly mutant?: Mutant | undefined;
  readonly work: (servers: FaultyServers) => Promise<void>;
}

/** Thrown by a campaign that cannot go on after a problem that it has told. */
export class CampaignOver extends Error {}

/** Builds the program with failpoints, lets a campaign work with it, and returns what went wrong: nothing should. */
export async function withFaultyServers({
  mutant,
  work,
  decisionFrom,
}: FaultyServersParams): Promise<readonly string[]> {
  const { serverFile, dispose } = await buildFaulty({ entry: 'program', mutant });
  const scratch = await createScratch();
  const { databasePath, folder } = scratch;
  const acknowledged: Acknowledged[] = [];
  const problems: string[] = [];
  try {
    await work({
      scratch,
      serverFile,
      acknowledged,
      problems,
      async start(env) {
        const server = attachRawServer(
          spawn(process.execPath, [serverFile], {
            cwd: folder,
            env: serverEnv({ ...scratch.env, ...env }),
            stdio: ['pipe', 'pipe', 'ignore'],
          }),
        );
        scratch.onDispose(() => {
          server.kill('SIGKILL');
          return server.exited;
        });
        await server.initialize();
        return server;
      },
      exposeDefect() {
        if (mutant?.sql !== undefined) execute(databasePath, mutant.sql);
      },
    }).catch((error: unknown) => {
      if (!(error instanceof CampaignOver)) throw error;
    });
    const { engine, close } = await openEngine({ databasePath });
    const found = await consultOracle({ databasePath, acknowledged, decisionFrom, engine });
    await close();
    return [...problems, ...found];
  } finally {
    await scratch.dispose();
    await dispose();
  }
}

function execute(databasePath: string, sql: string): void {
  const database = new Database(databasePath, { timeout: 5_000 });
  database.exec(sql);
  database.close();
}
