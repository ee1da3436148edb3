import * as z from 'zod';
import { STEP_RUN_PREFIX } from '../../domain/step-run.ts';
import { plainText } from '../schemas.ts';
import { defineTool } from '../tool.ts';

const runId = plainText.refine(
  (id) => !id.startsWith(STEP_RUN_PREFIX),
  `expected one that does not begin with "${STEP_RUN_PREFIX}": those are the server's own`,
);

export const executeComposedCode = defineTool({
  name: 'execute_composed_code',
  description:
    'Run a script over the tools of all servers: many calls, loops and conditions in one round trip. TypeScript or ' +
    'JavaScript, the body of an async function: `await server__tool({...})` calls a tool and gives its result; a failed ' +
    'call throws an Error with server, tool, kind; `return` what you want to know, and no more. Promise.all runs calls at ' +
    'the same time. No files, network or modules. No answer, or cut off: send it again with its run_id and the same code; it ' +
    'goes on where it was, and repeats no call that is done.',
  input: z.strictObject({
    code: z.string(),
    timeout: z.number().optional().describe('Seconds'),
    run_id: runId.optional().describe('Chosen by you, unique; makes it safe to send again'),
  }),
  output: z.object({
    status: z.string(),
    run_id: z.string(),
    result: z.unknown().optional(),
    output: z.string(),
    returncode: z.int(),
    calls: z.array(z.object({ server: z.string(), tool: z.string(), ms: z.number(), ok: z.boolean() })),
    error: z
      .object({
        name: z.string(),
        message: z.string(),
        line: z.int().optional(),
        column: z.int().optional(),
        server: z.string().optional(),
        tool: z.string().optional(),
        retryable: z.boolean().optional(),
      })
      .loose()
      .optional(),
    replayed: z.boolean().optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  long: 'told',
  run: ({ code, timeout, run_id }, { composer }, { signal, onProgress, confirm, resumption }) =>
    // After a question the client makes the same call again: under the id that the run was given then.
    composer.execute({
      code,
      timeoutSeconds: timeout,
      runId: run_id ?? resumption,
      signal,
      onProgress,
      confirm,
    }),
});
