import { Command } from 'commander';
import type { WorkflowSummary } from '../engine/listings.ts';
import { type CommandContext, withServices } from './command-context.ts';
import { collectPages } from './pages.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export function createListCommand(context: CommandContext): Command {
  return new Command('list')
    .description('List the workflows; broken ones with their errors.')
    .option('--json', 'print JSON')
    .action((options: { json?: true }, command: Command) =>
      withServices(context, command, async ({ engine }) => {
        const { items } = await collectPages(async (page) => {
          const { workflows, next_cursor } = await engine.listWorkflows(page);
          return { items: workflows, nextCursor: next_cursor };
        });
        if (options.json === true) context.terminal.printJson({ workflows: items });
        else printWorkflows(context.terminal, items);
      }),
    );
}

function printWorkflows(terminal: Terminal, workflows: readonly WorkflowSummary[]): void {
  const usable = workflows.filter((workflow) => workflow.usable);
  const broken = workflows.filter((workflow) => !workflow.usable);
  if (workflows.length === 0)
    terminal.note('There are no workflows. Set WORKFLOW_DEFINITIONS_DIR to a folder of some.');
  if (usable.length > 0)
    printTable(terminal, {
      header: ['WORKFLOW', 'STEPS', 'DESCRIPTION'],
      rows: usable.map(({ name, steps = [], description = '' }) => [name, String(steps.length), description]),
    });
  if (usable.length > 0 && broken.length > 0) terminal.print('');
  if (broken.length > 0)
    printTable(terminal, {
      header: ['BROKEN', 'ERROR'],
      rows: broken.flatMap(({ name, errors = [] }) => errors.map((error, i) => [i === 0 ? name : '', error])),
    });
}
