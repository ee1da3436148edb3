import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { QuestionPending } from '../domain/question-pending.ts';
import type { ScriptRunStatus } from '../domain/script-run.ts';
import type { ToolPolicy } from '../domain/tool-policy.ts';

export interface ExecuteParams {
  /** TypeScript or JavaScript: the body of an async function that calls tools as `server__tool({...})`. */
  readonly code: string;
  /** From start to end, in seconds. */
  readonly timeoutSeconds?: number;
  /** Makes the call safe to repeat: the same code goes on where it was cut off, or gives its stored result. */
  readonly runId?: string;
  /** Constants that the script finds by these names. */
  readonly constants?: JsonObject;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly progress: number; readonly message: string }) => void;
  /**
   * Asks a person whether a tool whose policy is `ask` may be called; absent where nobody can be asked. It may throw
   * {@link QuestionPending}: then `execute` throws one too once no call is under way, with all questions and with the
   * run's id as its resumption, under which the script goes on.
   */
  readonly confirm?: (call: {
    readonly server: string;
    readonly tool: string;
    readonly args: JsonObject;
  }) => Promise<boolean>;
}

export interface CallSummary {
  readonly server: string;
  readonly tool: string;
  readonly ms: number;
  readonly ok: boolean;
}

/** What a script came to. Field names are the contract's. */
export interface ComposedResult {
  readonly status: Exclude<ScriptRunStatus, 'running'> | 'limit_exceeded' | 'cancelled';
  readonly run_id: string;
  /** What the script returned; absent unless it is completed. */
  readonly result?: JsonValue;
  /** What it wrote with `console`. */
  readonly output: string;
  /** 0 where it is completed, else 1. */
  readonly returncode: number;
  readonly calls: readonly CallSummary[];
  readonly error?: ComposedError;
  /** The result was stored: nothing was executed now. */
  readonly replayed?: true;
}

export interface ComposedError {
  readonly name: string;
  readonly message: string;
  /** In the script, from 1. */
  readonly line?: number;
  readonly column?: number;
  readonly server?: string;
  readonly tool?: string;
  /** Whether the same call again may come further. */
  readonly retryable?: boolean;
  /** The call that failed may have happened or not; absent where that is known. */
  readonly outcome?: 'unknown';
  /** On `limit_exceeded`: how the script goes on; on `failed`: how the next one does. */
  readonly hint?: string;
  /** On `in_doubt`: of the call that may have happened. */
  readonly args?: JsonObject;
}

export interface ComposableTool {
  /** `server__tool`: what a script calls. */
  readonly name: string;
  readonly server: string;
  readonly tool: string;
  readonly description?: string;
  readonly policy: ToolPolicy;
}

export interface ServerNote {
  readonly name: string;
  readonly state: string;
  readonly problem?: string;
}

/** As far as the servers could be asked: those that could not are in `servers` with their problem. */
export interface ToolList {
  readonly tools: readonly ComposableTool[];
  readonly servers: readonly ServerNote[];
  /** What to do about it that there is no server at all; absent where there is one. */
  readonly note?: string;
}

export interface DocumentationParams {
  /** Words to search by: the best matches first, and none that matches little beside them. All tools where there are none. */
  readonly query?: string;
  /** `brief`: a line for each; `signatures`: their types; `full`: with all that is said of them. */
  readonly detail?: 'brief' | 'signatures' | 'full';
}

/**
 * Runs scripts over the tools of downstream servers, and says what there is to call.
 *
 * `execute` throws {@link QuestionPending}, `RUN_ID_REUSED` (other code under that id), `RUN_IN_PROGRESS` (retryable: another executor has it),
 * `INVALID_ARGUMENT`, `TOO_LARGE`, and the `STORAGE_` codes; what the script does is in the result.
 */
export interface Composer {
  execute(params: ExecuteParams): Promise<ComposedResult>;
  listTools(): Promise<ToolList>;
  /** The best match first. */
  searchTools(query: string): Promise<ToolList>;
  refreshTools(signal?: AbortSignal): Promise<ToolList>;
  /** A TypeScript declaration of what scripts can call. */
  documentation(params: DocumentationParams): Promise<string>;
}
