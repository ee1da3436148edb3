import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Environment } from '../domain/child-environment.ts';
import type { Logger } from '../domain/logger.ts';

/** The program as it lies on this machine and was started. The paths are absolute. */
export interface Program {
  readonly version: string;
  /** Of this process. */
  readonly env: Environment;
  readonly mainFile: string;
  /** Where the shipped workflows and the documentation are. */
  readonly packageRoot: string;
  readonly migrationsFolder: string;
  readonly sandboxWorkerFile: string;
}

/** What all that is wired needs to know. */
export interface WiringParams {
  readonly program: Program;
  readonly config: Config;
  readonly logger: Logger;
}

/** Only the main file can say where it is: a bundle moves everything else. */
export function locateProgram(params: Pick<Program, 'version' | 'env' | 'mainFile'>): Program {
  const folder = dirname(params.mainFile);
  return {
    ...params,
    packageRoot: dirname(folder),
    migrationsFolder: join(folder, 'migrations', 'sqlite'),
    sandboxWorkerFile: join(folder, 'sandbox-worker.mjs'),
  };
}
