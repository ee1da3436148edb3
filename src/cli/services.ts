import type { Config } from '../config/config.ts';
import type { Variables } from '../config/sources.ts';
import type { Diagnostic } from '../definitions/diagnostic.ts';
import type { Engine } from '../engine/engine.ts';
import type { ServersReport } from '../hub/inspect-servers.ts';
import type { Orchestrator } from '../queue/run.ts';
import type { BackupResult, DatabaseReport, PruneResult, SyncSpeed } from '../store/maintenance.ts';

/** The opened engine, as far as commands read from it. */
export interface Services {
  readonly engine: Pick<Engine, 'listWorkflows' | 'listInstances' | 'status' | 'history'>;
  close(): Promise<void>;
}

/** What works on the tasks of the queue. */
export interface Worker extends Orchestrator {
  close(): Promise<void>;
}

export interface LintReport {
  /** Names of the workflows that were looked at. */
  readonly workflows: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The computer and the program as they are: what the settings of MCP clients depend on. */
export interface Installation {
  readonly platform: NodeJS.Platform;
  readonly homeDir: string;
  /** The environment, for the variables that move other programs' settings. */
  readonly env: Variables;
  /** Absolute path of the node that runs this program. */
  readonly nodePath: string;
  /** Absolute path of this program's main file. */
  readonly mainFile: string;
}

export interface BackupRequest {
  readonly config: Config;
  /** Absolute path of the copy. */
  readonly file: string;
  /** Whether it replaces a file that is there already. */
  readonly force: boolean;
}

export interface PruneRequest {
  readonly config: Config;
  /** Finished runs that changed last before this time, ISO-8601 UTC, go. */
  readonly before: string;
  readonly dryRun: boolean;
  /** Whether the file shrinks; writers wait meanwhile. */
  readonly compact: boolean;
}

/** What the composition root hands to the commands. Nothing behind these functions is loaded before it is used. */
export interface CliDeps {
  readonly version: string;
  readonly installation: Installation;
  /** Throws `CONFIG_INVALID`. */
  loadConfig(flags: Variables): Promise<Config>;
  open(config: Config): Promise<Services>;
  openWorker(config: Config): Promise<Worker>;
  /** Aborted when the person or the system asks this program to end; asked again, it ends at once. */
  stopSignal(): AbortSignal;
  /** Resolves when the client is gone. */
  serveStdio(config: Config): Promise<void>;
  /** Checks the workflows below a path: a workflows folder, one workflow, or a file of one. */
  lintPath(path: string): Promise<LintReport>;
  /** A diagnostic as one line. */
  formatDiagnostic(diagnostic: Diagnostic): string;
  /** Writes nothing; what is wrong is in the report. */
  inspectDatabase(config: Config): Promise<DatabaseReport>;
  /** Starts none of them; undefined where no list of servers is configured. */
  inspectServers(config: Config): Promise<ServersReport | undefined>;
  /** Of the disk that the database is on, or will be. */
  measureSyncSpeed(config: Config): Promise<SyncSpeed>;
  backupDatabase(request: BackupRequest): Promise<BackupResult>;
  pruneDatabase(request: PruneRequest): Promise<PruneResult>;
}
