import { Command } from 'commander';
import type { HistoryItem } from '../engine/listings.ts';
import { type CommandContext, withServices } from './command-context.ts';
import { limitOption } from './count-option.ts';
import { collectPages } from './pages.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export function createHistoryCommand(context: CommandContext): Command {
  return new Command('history')
    .description('Show everything that happened to a run, the oldest first.')
    .argument('<id>', 'the instance id of the run')
    .addOption(limitOption('at most this many entries'))
    .option('--json', 'print JSON')
    .action((instanceId: string, options: { limit?: number; json?: true }, command: Command) =>
      withServices(context, command, async ({ engine }) => {
        const { items, nextCursor } = await collectPages(async (page) => {
          const { entries, next_cursor } = await engine.history({ instanceId, ...page });
          return { items: entries, nextCursor: next_cursor };
        }, options.limit);
        const page = { instance_id: instanceId, entries: items, next_cursor: nextCursor };
        if (options.json === true) return context.terminal.printJson(page);
        printEntries(context.terminal, items);
        if (nextCursor !== undefined) context.terminal.note('There are more; --limit shows them.');
      }),
    );
}

function printEntries(terminal: Terminal, entries: readonly HistoryItem[]): void {
  printTable(terminal, {
    header: ['TIME', 'EVENT', 'STEP', 'REPORT', 'NEXT', 'DECIDER', 'WHY'],
    rows: entries.map((entry) => [
      entry.timestamp,
      entry.kind,
      entry.step_name,
      entry.outcome_status ?? '',
      entry.determined_next_step ?? '',
      text(entry.decision?.decider),
      entry.status_reason ?? text(entry.decision?.reasoning ?? entry.detail?.message),
    ]),
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
