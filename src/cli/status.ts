import { Argument, Command, Option } from 'commander';
import { INSTANCE_STATUSES, type InstanceStatus } from '../domain/instance.ts';
import type { Answer } from '../engine/answer.ts';
import { type CommandContext, withServices } from './command-context.ts';
import { limitOption } from './count-option.ts';
import { collectPages } from './pages.ts';
import type { Services } from './services.ts';
import { printTable } from './table.ts';
import { plain, type Terminal } from './terminal.ts';

interface StatusOptions {
  readonly status?: InstanceStatus;
  readonly workflow?: string;
  readonly limit: number;
  readonly json?: true;
}

export function createStatusCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('status')
    .description('Show where a run stands; without an id, the runs that changed last.')
    .addArgument(new Argument('[id]', 'the instance id of a run'))
    .addOption(new Option('--status <status>', 'only runs of this status').choices(INSTANCE_STATUSES))
    .option('--workflow <name>', 'only runs of this workflow')
    .addOption(limitOption('at most this many runs').default(20))
    .option('--json', 'print JSON')
    .action((id: string | undefined, options: StatusOptions, command: Command) =>
      withServices(context, command, async ({ engine }) => {
        if (id === undefined) return showInstances(terminal, engine, options);
        const answer = await engine.status({ instanceId: id });
        if (options.json === true) terminal.printJson(answer);
        else printAnswer(terminal, answer);
      }),
    );
}

async function showInstances(
  terminal: Terminal,
  engine: Services['engine'],
  options: StatusOptions,
): Promise<void> {
  const { items, nextCursor } = await collectPages(async (page) => {
    const filter = { status: options.status, workflowName: options.workflow };
    const { instances, next_cursor } = await engine.listInstances({ ...filter, ...page });
    return { items: instances, nextCursor: next_cursor };
  }, options.limit);
  if (options.json === true) return terminal.printJson({ instances: items, next_cursor: nextCursor });
  if (items.length === 0) return terminal.note('There are no such runs.');
  printTable(terminal, {
    header: ['INSTANCE', 'WORKFLOW', 'STATUS', 'STEP', 'CHANGED'],
    rows: items.map((instance) => [
      instance.instance_id,
      instance.workflow_name,
      instance.status,
      instance.current_step_name,
      instance.updated_at,
    ]),
  });
  if (nextCursor !== undefined) terminal.note('There are more; --limit shows them.');
}

function printAnswer(terminal: Terminal, answer: Answer): void {
  const reason = answer.status_reason === undefined ? '' : ` (${answer.status_reason})`;
  const fields = [
    ['Instance', answer.instance_id],
    ['Workflow', answer.workflow_name],
    ['Status', answer.status + reason],
    ['Step', answer.next_step.step_name],
    ['Revision', String(answer.revision)],
    ...(answer.definition_changed === true
      ? [['Note', 'the files here are not the version that it runs on']]
      : []),
    ...(answer.missing_context === undefined ? [] : [['Missing', answer.missing_context.join(', ')]]),
    ...(answer.failed_scripts ?? []).map(({ step_name, error }) => ['Failed', `${step_name}: ${error}`]),
  ] as const;
  for (const [label = '', value = ''] of fields)
    terminal.print(`${terminal.bold(label.padEnd(10))}${plain(value)}`);
  printSection(terminal, 'Instructions', answer.next_step.instructions);
  printSection(terminal, 'Context', JSON.stringify(answer.current_context, null, 2));
}

function printSection(terminal: Terminal, title: string, text: string): void {
  terminal.print(`\n${terminal.bold(title)}`);
  terminal.print(plain(text.trim()).replace(/^(?=.)/gm, '  '));
}
