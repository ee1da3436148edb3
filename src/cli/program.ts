import { Command, CommanderError } from 'commander';
import { createBackupCommand } from './backup.ts';
import type { CommandContext } from './command-context.ts';
import { createConfigCommand } from './config.ts';
import { createDoctorCommand } from './doctor.ts';
import type { ExitCode } from './exit-codes.ts';
import { addGlobalFlags } from './global-flags.ts';
import { createHistoryCommand } from './history.ts';
import { createLintCommand } from './lint.ts';
import { createListCommand } from './list.ts';
import { createPruneCommand } from './prune.ts';
import { createServeCommand } from './serve.ts';
import { createStatusCommand } from './status.ts';
import { createWorkCommand } from './work.ts';

const COMMANDS = [
  createServeCommand,
  createListCommand,
  createStatusCommand,
  createHistoryCommand,
  createWorkCommand,
  createLintCommand,
  createConfigCommand,
  createDoctorCommand,
  createBackupCommand,
  createPruneCommand,
];

/** The whole command line; also what the reference of commands is made from. */
export function createProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('orchestrator-mcp')
    .description('Write the process in Markdown; the engine remembers, decides, and survives.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showHelpAfterError('Run with --help to see what there is.');
  program.exitOverride().configureOutput({ writeOut: terminal.writeOut, writeErr: terminal.writeErr });
  addGlobalFlags(program);
  for (const createCommand of COMMANDS) {
    program.addCommand(createCommand(context).copyInheritedSettings(program));
  }
  return program;
}

/** Runs one command line. Throws what the command throws. */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const program = createProgram(context);
  try {
    await program.parseAsync(withCommand(program, argv), { from: 'user' });
    return context.outcome.exitCode;
  } catch (error) {
    // Commander has printed what it has to say: help or version, or what is wrong with the usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** Flags without a command are flags of `serve`. A default command would swallow misspelt ones as its arguments. */
function withCommand(program: Command, argv: readonly string[]): string[] {
  const { operands, unknown } = program.parseOptions([...argv]);
  const asksForHelp = unknown.includes('--help') || unknown.includes('-h');
  return operands.length === 0 && !asksForHelp ? ['serve', ...argv] : [...argv];
}
