import type { Config } from '../config/config.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
import type { CliDeps } from './services.ts';
import { createTerminal, type OutputStream } from './terminal.ts';

export interface RunCliParams {
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly deps: CliDeps;
}

/** Runs the command line to its end. Never throws: what went wrong is on standard error, in plain words. */
export async function runCli({ argv, stdout, stderr, deps }: RunCliParams): Promise<ExitCode> {
  const terminal = createTerminal({ stdout, stderr });
  let config: Config | undefined;
  const loadConfig: CliDeps['loadConfig'] = async (flags) => {
    config = await deps.loadConfig(flags);
    return config;
  };
  try {
    // How MCP clients start the program: they wait for it, and there is nothing to parse.
    if (argv.length === 0) {
      await deps.serveStdio(await loadConfig({}));
      return 0;
    }
    const { runProgram } = await import('./program.ts');
    return await runProgram(argv, { ...deps, loadConfig, terminal, outcome: { exitCode: 0 } });
  } catch (error) {
    terminal.note(describeFailure(error, config));
    return exitCodeOf(error);
  }
}
