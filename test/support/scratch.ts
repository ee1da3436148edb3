import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { ConnectParams, TestClient } from './mcp-clients.ts';
import { type RawServer, type StartRawServerParams, startRawServer } from './raw-server.ts';
import type { WorkflowFiles } from './workflow-files.ts';

type Variables = Readonly<Record<string, string>>;

/** A folder of its own for one test, with a database and workflows in it, and the servers that work there. */
export interface Scratch {
  readonly folder: string;
  readonly databasePath: string;
  readonly workflowsFolder: string;
  /** What servers get to see of the environment, besides the PATH; the home folder is in the scratch folder too. */
  readonly env: Variables;
  /** Creates the workflow, or overwrites the files that are given. */
  writeWorkflow(name: string, files: WorkflowFiles): Promise<void>;
  /** Takes a whole folder of workflows over, as it is. */
  copyWorkflows(from: string): Promise<void>;
  /** A client with a server process of its own, closed with the scratch folder. */
  connect<Client extends Pick<TestClient, 'close'>>(
    how: (params: ConnectParams) => Promise<Client>,
    extraEnv?: Variables,
  ): Promise<Client>;
  /** A server process without a client, killed with the scratch folder. */
  startServer(params?: Partial<StartRawServerParams>): RawServer;
  /** Rows of the database, as they are now. */
  query<Row>(sql: string, ...values: readonly unknown[]): readonly Row[];
  /** Runs at the end, the latest first. */
  onDispose(cleanUp: () => Promise<unknown>): void;
  dispose(): Promise<void>;
}

export async function createScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-e2e-'));
  const workflowsFolder = join(folder, 'workflows');
  const home = join(folder, 'home');
  const databasePath = join(folder, 'db', 'workflows.sqlite');
  await Promise.all([mkdir(workflowsFolder), mkdir(home)]);
  const env = {
    HOME: home,
    USERPROFILE: home,
    WORKFLOW_DEFINITIONS_DIR: workflowsFolder,
    WORKFLOW_DB_PATH: databasePath,
  };
  const cleanUps: (() => Promise<unknown>)[] = [];
  return {
    folder,
    databasePath,
    workflowsFolder,
    env,
    async writeWorkflow(name, files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(workflowsFolder, name, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      }
    },
    copyWorkflows: (from) => cp(from, workflowsFolder, { recursive: true }),
    async connect(how, extraEnv) {
      const client = await how({ env: { ...env, ...extraEnv }, cwd: folder });
      cleanUps.push(() => client.close());
      return client;
    },
    startServer(params) {
      const server = startRawServer({ cwd: folder, ...params, env: { ...env, ...params?.env } });
      cleanUps.push(() => {
        server.kill('SIGKILL');
        return server.exited;
      });
      return server;
    },
    query<Row>(sql: string, ...values: readonly unknown[]) {
      const database = new Database(databasePath, { readonly: true });
      try {
        return database.prepare<unknown[], Row>(sql).all(...values);
      } finally {
        database.close();
      }
    },
    onDispose: (cleanUp) => void cleanUps.push(cleanUp),
    async dispose() {
      // What the test has ended or killed by itself may fail to close; that is nothing to tell.
      for (const cleanUp of cleanUps.reverse()) await cleanUp().catch(() => {});
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
