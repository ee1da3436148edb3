import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { flagsOf } from './global-flags.ts';
import type { LintReport } from './services.ts';
import { plain } from './terminal.ts';

export function createLintCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('lint')
    .description('Check workflow files; without a path, those of the configured folders.')
    .argument('[path]', 'a folder of workflows, one workflow, or a file of one')
    .option('--json', 'print JSON')
    .action(async (path: string | undefined, options: { json?: true }, command: Command) => {
      const paths = path === undefined ? (await context.loadConfig(flagsOf(command))).definitionDirs : [path];
      const reports: LintReport[] = [];
      for (const each of paths) reports.push(await context.lintPath(each));
      const workflows = reports.flatMap((report) => report.workflows);
      const diagnostics = reports.flatMap((report) => report.diagnostics);
      const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
      if (errors > 0) context.outcome.exitCode = 1;
      if (options.json === true) return terminal.printJson({ workflows, diagnostics });
      for (const diagnostic of diagnostics) terminal.print(plain(context.formatDiagnostic(diagnostic)));
      const found = [counted(errors, 'error'), counted(diagnostics.length - errors, 'warning')].join(', ');
      terminal.note(`${found} in ${counted(workflows.length, 'workflow')}.`);
    });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
