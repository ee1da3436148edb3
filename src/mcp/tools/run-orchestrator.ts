import * as z from 'zod';
import { RUN_TASKS_MAX } from '../../domain/task.ts';
import { STOP_REASONS } from '../../queue/safety.ts';
import { defineTool } from '../tool.ts';

export const runOrchestrator = defineTool({
  name: 'run_orchestrator',
  description:
    "Have the server's own model work on pending tasks: do, verify, retry with feedback. " +
    'MODEL_REQUIRED: do them yourself.',
  input: z.strictObject({
    max_tasks: z
      .int()
      .min(RUN_TASKS_MAX.min)
      .max(RUN_TASKS_MAX.max)
      .optional()
      .describe(`default ${RUN_TASKS_MAX.default}`),
  }),
  output: z.object({
    processed: z.int(),
    completed: z.int(),
    failed: z.int(),
    attempts: z.int(),
    elapsed_seconds: z.number(),
    stopped_by: z.enum(STOP_REASONS).optional(),
    retry_after_seconds: z.number().optional(),
    in_progress: z.int().optional(),
    next_lease_ends_at: z.string().optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  long: 'told',
  run: async ({ max_tasks = RUN_TASKS_MAX.default }, { orchestrator }, { signal, onProgress }) =>
    (await orchestrator()).run({ maxTasks: max_tasks, signal, onProgress }),
});
