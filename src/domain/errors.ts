import type { JsonObject } from './json.ts';

/** Every code that a fault can carry, with what it means; the reference of errors is made from this. */
export const FAULTS = {
  INVALID_ARGUMENT: { retryable: false, meaning: 'The arguments of the call do not fit its schema.' },
  WORKFLOW_NOT_FOUND: { retryable: false, meaning: 'No workflow has that name.' },
  WORKFLOW_INVALID: { retryable: false, meaning: 'The workflow exists, but its files have errors.' },
  INPUTS_INVALID: {
    retryable: false,
    meaning: 'The start context does not fit the `inputs` of the workflow.',
  },
  INSTANCE_NOT_FOUND: { retryable: false, meaning: 'No instance has that id.' },
  INSTANCE_SUSPENDED: {
    retryable: false,
    meaning: 'The instance waits; `resume_workflow` lets it run again.',
  },
  STALE_STEP: { retryable: false, meaning: 'The report is about a position that the instance has left.' },
  REQUEST_ID_REUSED: { retryable: false, meaning: 'That `request_id` was used for a different call.' },
  REPORT_INVALID: { retryable: false, meaning: 'The report does not fit the `report_schema` of the step.' },
  TOO_LARGE: { retryable: false, meaning: 'Something exceeds a limit; the details name it.' },
  DECISION_REQUIRED: {
    retryable: false,
    meaning: 'The client decides here, and did not say which step comes next.',
  },
  STEP_NOT_ALLOWED: {
    retryable: false,
    meaning: 'The step that was asked for cannot follow the current one.',
  },
  DEFINITION_INCOMPATIBLE: {
    retryable: false,
    meaning: 'The current definition no longer has the step that the instance stands on.',
  },
  KEY_NOT_FOUND: { retryable: false, meaning: 'The agent session keeps nothing under that key.' },
  TASK_NOT_FOUND: { retryable: false, meaning: 'No task of the queue has that id.' },
  TASK_STATUS_INVALID: {
    retryable: false,
    meaning: 'The task has a status in which that cannot be done with it.',
  },
  FENCING_TOKEN_REQUIRED: {
    retryable: false,
    meaning: 'The task is leased: only whoever shows the `fencing_token` of its lease may end it.',
  },
  LEASE_LOST: {
    retryable: false,
    meaning: 'The lease ran out, or the task was taken back; what the worker did for it no longer counts.',
  },
  BATCH_REFUSED: {
    retryable: false,
    meaning: 'Some items of a batch cannot be done, so that none was; the details name each.',
  },
  VERIFIER_FAILED: {
    retryable: true,
    meaning: 'The command that verifies results did not come to a verdict.',
  },
  VERIFIER_UNAVAILABLE: { retryable: true, meaning: 'The command that verifies results cannot be started.' },
  MODEL_REQUIRED: {
    retryable: false,
    meaning: 'This needs an AI provider, or the stub, and none is configured.',
  },
  SERVER_NOT_FOUND: { retryable: false, meaning: 'No downstream server has that name.' },
  SERVER_UNAVAILABLE: {
    retryable: true,
    meaning: 'The downstream server could not be started or reached, or its connection broke.',
  },
  SERVER_TIMEOUT: { retryable: true, meaning: 'The downstream server did not answer in time.' },
  TOOL_FAILED: { retryable: false, meaning: 'A tool of a downstream server says that it failed.' },
  NOT_ALLOWED: {
    retryable: false,
    meaning: 'The operator does not allow it: a server that is not configured, or a tool by its policy.',
  },
  SCRIPTS_UNAVAILABLE: {
    retryable: false,
    meaning: 'The step is carried out by a script, and this server cannot run scripts.',
  },
  RUN_ID_REUSED: { retryable: false, meaning: 'That `run_id` belongs to a script with other code.' },
  RUN_IN_PROGRESS: { retryable: true, meaning: 'The script with that `run_id` is being executed already.' },
  AI_UNAVAILABLE: { retryable: true, meaning: 'The AI provider could not be reached, or failed.' },
  AI_TIMEOUT: { retryable: true, meaning: 'The AI provider did not answer within the budget.' },
  AI_RATE_LIMITED: { retryable: true, meaning: 'The AI provider refuses more requests for now.' },
  AI_MISCONFIGURED: {
    retryable: false,
    meaning: 'The AI provider refuses the key, the model or the endpoint.',
  },
  AI_SAFETY_BLOCKED: { retryable: false, meaning: 'The AI provider blocked this input or its answer.' },
  AI_INVALID_DECISION: {
    retryable: true,
    meaning: 'The AI provider answered with something that is not what was asked for.',
  },
  STORAGE_BUSY: { retryable: true, meaning: 'Other processes kept the database locked for too long.' },
  STORAGE_UNAVAILABLE: { retryable: true, meaning: 'The database could not be opened, read or written.' },
  STORAGE_FULL: { retryable: true, meaning: 'The disk is full: reading works, writing does not.' },
  STORAGE_CORRUPT: { retryable: false, meaning: 'The database file is damaged.' },
  STORAGE_TOO_NEW: {
    retryable: false,
    meaning: 'The database was written by a newer version of this program.',
  },
  CONFIG_INVALID: { retryable: false, meaning: 'The configuration has errors; the message lists them all.' },
  CANCELLED: { retryable: true, meaning: 'The call was cancelled before anything was committed.' },
  INTERNAL: { retryable: false, meaning: 'A defect of this program; nothing was committed.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type FaultCode = keyof typeof FAULTS;

export interface FaultOptions {
  /** What the caller can do next, in one sentence. */
  readonly hint?: string;
  readonly details?: JsonObject;
  /** Milliseconds after which a retry makes sense. */
  readonly retryAfterMs?: number;
  /** Defaults to what {@link FAULTS} says of the code. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** An expected failure, classified where it is born. Nothing was committed when one is thrown. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly retryable: boolean;
  readonly hint?: string;
  readonly details?: JsonObject;
  readonly retryAfterMs?: number;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retryable = options.retryable ?? FAULTS[code].retryable;
    if (options.hint !== undefined) this.hint = options.hint;
    if (options.details !== undefined) this.details = options.details;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }

  /** The same failure, of which more can be said. */
  with(more: Omit<FaultOptions, 'retryable'>): Fault {
    return restate(this, more);
  }
}

/** Outside of the class, which a bundler would give another name if it spoke of itself. */
function restate(fault: Fault, more: FaultOptions): Fault {
  const { code, message, retryable, hint, details, retryAfterMs, cause } = fault;
  return new Fault(code, message, { retryable, hint, details, retryAfterMs, cause, ...more });
}

/** A broken invariant of this program: never retried, never shown as the caller's mistake. */
export class Defect extends Error {
  override readonly name = 'Defect';
}
