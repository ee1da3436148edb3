import { Command } from 'commander';
import { RUN_TASKS_MAX } from '../domain/task.ts';
import type { RunResult } from '../queue/run.ts';
import type { StopReason } from '../queue/safety.ts';
import type { CommandContext } from './command-context.ts';
import { countOption } from './count-option.ts';
import { flagsOf } from './global-flags.ts';
import { plain } from './terminal.ts';

interface WorkOptions {
  readonly maxTasks?: number;
  readonly wait?: true;
  readonly json?: true;
}

export function createWorkCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('work')
    .description('Work on the tasks of the queue until none is left; several may, at the same time.')
    .addOption(
      countOption(
        '--max-tasks <n>',
        `at most this many tasks, up to ${RUN_TASKS_MAX.max}`,
        RUN_TASKS_MAX.max,
      ),
    )
    .option('--wait', 'go on when none is left, until it is told to end (Ctrl-C)')
    .option('--json', 'print JSON')
    .action(async (options: WorkOptions, command: Command) => {
      const config = await context.loadConfig(flagsOf(command));
      const worker = await context.openWorker(config);
      try {
        // Whoever looks at another database than they think would wait for ever.
        if (options.wait === true) terminal.note(plain(`Waiting for tasks in ${config.databasePath}.`));
        const result = await worker.run({
          maxTasks: options.maxTasks,
          waitForMore: options.wait,
          signal: context.stopSignal(),
          onAttempt: (message) => terminal.note(plain(message)),
        });
        if (options.json === true) terminal.printJson(result);
        else terminal.print(plain(describeResult(result, config.databasePath)));
        if (isTrouble(result)) context.outcome.exitCode = 1;
      } finally {
        await worker.close();
      }
    });
}

/** Tasks that fail are a result like others; where the circuit breaker steps in, somebody has to look. */
function isTrouble({ stopped_by }: RunResult): boolean {
  return stopped_by === 'failures_in_row' || stopped_by === 'breaker_open';
}

function describeResult(result: RunResult, databasePath: string): string {
  const { processed, completed, failed, attempts, elapsed_seconds, stopped_by } = result;
  const tasks = `${processed} ${processed === 1 ? 'task' : 'tasks'}`;
  const done = `${tasks}: ${completed} completed, ${failed} failed, in ${attempts} attempts and ${elapsed_seconds} s.`;
  if (stopped_by !== undefined) return `${done}\n${stopReason(stopped_by, result)}`;
  const lines = [done];
  if (processed === 0) lines.push(`No task was pending in ${databasePath}.`);
  if (result.in_progress !== undefined) lines.push(othersAtWork(result.in_progress, result));
  return lines.join('\n');
}

function othersAtWork(count: number, { next_lease_ends_at }: RunResult): string {
  const comesBack =
    next_lease_ends_at === undefined
      ? 'held without a time limit'
      : `the next lease ends at ${next_lease_ends_at}`;
  return `${count} in progress elsewhere: ${comesBack}.`;
}

function stopReason(reason: StopReason, { retry_after_seconds = 0 }: RunResult): string {
  const trial = `The circuit breaker lets one attempt through in ${retry_after_seconds} s.`;
  switch (reason) {
    case 'max_tasks':
      return 'Stopped at --max-tasks; there is more to do.';
    case 'iterations':
      return 'Stopped at TASK_RUN_ITERATIONS_MAX; there is more to do.';
    case 'seconds':
      return 'Stopped at TASK_RUN_SECONDS_MAX; there is more to do.';
    case 'failures_in_row':
      return `Stopped, because too many attempts failed in a row. ${trial}`;
    case 'breaker_open':
      return `Stopped, because too many attempts of any worker failed in a row. ${trial}`;
    case 'cancelled':
      return 'Stopped as asked; what was not done is given back.';
  }
}
