import type { TaskConfig } from './config.ts';
import type { Inputs } from './problems.ts';
import { TASK_BOUNDS } from './variables.ts';

export function taskConfig({ values, settings, report }: Inputs): TaskConfig {
  // Whoever wrote the working directory may have put a `.env` there; opening the folder must not run their program.
  if (settings.TASK_VERIFY_COMMAND?.source === '.env')
    report(
      'TASK_VERIFY_COMMAND',
      'A .env file cannot name a program that is run. Set it in the environment, or remove it.',
    );
  return {
    verifyCommand: values.TASK_VERIFY_COMMAND,
    verifyTimeoutMs: ms(values.TASK_VERIFY_TIMEOUT_SECONDS ?? TASK_BOUNDS.verifySeconds.default),
    failuresInRowMax: values.TASK_FAILURES_IN_ROW_MAX ?? TASK_BOUNDS.failuresInRow.default,
    breakerCooldownMs: ms(values.TASK_BREAKER_COOLDOWN_SECONDS ?? TASK_BOUNDS.cooldownSeconds.default),
    runIterationsMax: values.TASK_RUN_ITERATIONS_MAX ?? TASK_BOUNDS.runIterations.default,
    runMsMax: ms(values.TASK_RUN_SECONDS_MAX ?? TASK_BOUNDS.runSeconds.default),
    leaseMs: ms(values.TASK_LEASE_SECONDS ?? TASK_BOUNDS.leaseSeconds.default),
  };
}

function ms(seconds: number): number {
  return seconds * 1_000;
}
