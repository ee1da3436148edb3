import { expect, test } from 'vitest';
import { executeComposedCode } from '../../../src/mcp/tools/execute-composed-code.ts';

test('the run_id of a script that is a step is not to be had', () => {
  const problemOf = (runId: string) =>
    executeComposedCode.input.safeParse({ code: 'return 1', run_id: runId }).error?.issues[0]?.message;
  expect(problemOf('step:5cfd3d8a:1')).toContain('does not begin with "step:"');
  expect(problemOf('steps')).toBeUndefined();
});
