/** What one call, one instance and one definition may measure. Sizes are bytes of UTF-8 JSON or text. */
export interface Limits {
  readonly reportBytesMax: number;
  readonly contextUpdateBytesMax: number;
  readonly contextBytesMax: number;
  /** One whole request on any transport. */
  readonly requestBytesMax: number;
  /** The same, in objects and arrays inside each other; what the protocol wraps around a call is counted too. */
  readonly requestDepthMax: number;
  readonly jsonDepthMax: number;
  /** Committed transitions of one instance. */
  readonly transitionsMax: number;
  readonly definitionFileBytesMax: number;
  readonly includeDepthMax: number;
  /** A resolved definition, includes expanded. */
  readonly definitionBytesMax: number;
  readonly pageSizeMax: number;
  /** One message of an agent session's conversation. */
  readonly sessionMessageBytesMax: number;
  /** One value of an agent session's task data or knowledge. */
  readonly sessionValueBytesMax: number;
  /** A task's description; also a reason or feedback about one. */
  readonly taskTextBytesMax: number;
  readonly taskResultBytesMax: number;
  /** Tasks that one call may add or end. */
  readonly taskBatchMax: number;
  /** All that one call would store; what its tasks have in common counts for each of them. */
  readonly taskBatchBytesMax: number;
}

/** Of the code of a script: of a step, its includes expanded, or sent by a client. */
export const SCRIPT_BYTES_MAX = 256 * 1024;

export const DEFAULT_LIMITS: Limits = {
  reportBytesMax: 256 * 1024,
  contextUpdateBytesMax: 256 * 1024,
  contextBytesMax: 1024 * 1024,
  requestBytesMax: 2 * 1024 * 1024,
  requestDepthMax: 128,
  jsonDepthMax: 64,
  transitionsMax: 10_000,
  definitionFileBytesMax: 256 * 1024,
  includeDepthMax: 10,
  definitionBytesMax: 4 * 1024 * 1024,
  pageSizeMax: 200,
  sessionMessageBytesMax: 64 * 1024,
  sessionValueBytesMax: 256 * 1024,
  taskTextBytesMax: 64 * 1024,
  taskResultBytesMax: 256 * 1024,
  taskBatchMax: 1_000,
  taskBatchBytesMax: 8 * 1024 * 1024,
};
