import { expect, test } from 'vitest';
import { errorsPage } from '../../src/dev/reference/errors-page.ts';
import { FAULTS } from '../../src/domain/errors.ts';

/** Clients branch on these: a code is added, never renamed, and never becomes retryable unnoticed. */
const PINNED = {
  INVALID_ARGUMENT: 'final',
  WORKFLOW_NOT_FOUND: 'final',
  WORKFLOW_INVALID: 'final',
  INPUTS_INVALID: 'final',
  INSTANCE_NOT_FOUND: 'final',
  INSTANCE_SUSPENDED: 'final',
  STALE_STEP: 'final',
  REQUEST_ID_REUSED: 'final',
  REPORT_INVALID: 'final',
  TOO_LARGE: 'final',
  DECISION_REQUIRED: 'final',
  STEP_NOT_ALLOWED: 'final',
  DEFINITION_INCOMPATIBLE: 'final',
  KEY_NOT_FOUND: 'final',
  TASK_NOT_FOUND: 'final',
  TASK_STATUS_INVALID: 'final',
  FENCING_TOKEN_REQUIRED: 'final',
  LEASE_LOST: 'final',
  BATCH_REFUSED: 'final',
  VERIFIER_FAILED: 'retryable',
  VERIFIER_UNAVAILABLE: 'retryable',
  MODEL_REQUIRED: 'final',
  SERVER_NOT_FOUND: 'final',
  SERVER_UNAVAILABLE: 'retryable',
  SERVER_TIMEOUT: 'retryable',
  TOOL_FAILED: 'final',
  NOT_ALLOWED: 'final',
  SCRIPTS_UNAVAILABLE: 'final',
  RUN_ID_REUSED: 'final',
  RUN_IN_PROGRESS: 'retryable',
  AI_UNAVAILABLE: 'retryable',
  AI_TIMEOUT: 'retryable',
  AI_RATE_LIMITED: 'retryable',
  AI_MISCONFIGURED: 'final',
  AI_SAFETY_BLOCKED: 'final',
  AI_INVALID_DECISION: 'retryable',
  STORAGE_BUSY: 'retryable',
  STORAGE_UNAVAILABLE: 'retryable',
  STORAGE_FULL: 'retryable',
  STORAGE_CORRUPT: 'final',
  STORAGE_TOO_NEW: 'final',
  CONFIG_INVALID: 'final',
  CANCELLED: 'retryable',
  INTERNAL: 'final',
};

test('the error codes, and whether a retry makes sense, are as pinned', () => {
  const codes = Object.entries(FAULTS).map(([code, { retryable }]) => [
    code,
    retryable ? 'retryable' : 'final',
  ]);
  expect(Object.fromEntries(codes)).toEqual(PINNED);
});

test('the reference promises nothing for what tools of downstream servers may have done', () => {
  const [promise = ''] = /Whatever the code[^|]*/.exec(errorsPage()) ?? [];
  for (const code of ['TOOL_FAILED', 'SERVER_TIMEOUT', 'SERVER_UNAVAILABLE', '"outcome": "unknown"'])
    expect(promise).toContain(code);
});
