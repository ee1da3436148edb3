import { createProgram } from '../../cli/program.ts';
import { createTerminal } from '../../cli/terminal.ts';
import { codeBlock, page } from './markdown.ts';

export function cliPage(): string {
  const program = createProgram(contextForHelp());
  program.configureHelp({ helpWidth: 110 });
  return page(
    'Command line',
    codeBlock(program.helpInformation()),
    `Flags may stand before or after the command; [configuration](configuration.md) says what they mean. Without a
command, \`serve\` runs. Results go to standard output, everything else to standard error; with \`--json\`, standard
output is JSON and nothing else.`,
    `Exit codes: 0 done; 1 the operation failed, \`lint\` found errors, \`doctor\` found trouble, or the circuit breaker
stopped \`work\`; 2 wrong usage or configuration.`,
    ...program.commands.map((command) => {
      command.configureHelp({ helpWidth: 110 });
      return `## ${command.name()}\n\n${codeBlock(command.helpInformation())}`;
    }),
  );
}

/** Help is printed from the definitions of the commands; nothing of this is run. */
function contextForHelp(): Parameters<typeof createProgram>[0] {
  const notRun = () => Promise.reject(new Error('Making the reference runs no command.'));
  return {
    version: '',
    installation: { platform: 'linux', homeDir: '', env: {}, nodePath: '', mainFile: '' },
    loadConfig: notRun,
    open: notRun,
    openWorker: notRun,
    stopSignal: () => new AbortController().signal,
    serveStdio: notRun,
    lintPath: notRun,
    formatDiagnostic: () => '',
    inspectDatabase: notRun,
    inspectServers: notRun,
    measureSyncSpeed: notRun,
    backupDatabase: notRun,
    pruneDatabase: notRun,
    terminal: createTerminal({ stdout: process.stdout, stderr: process.stderr }),
    outcome: { exitCode: 0 },
  };
}
