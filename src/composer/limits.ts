import { DEFAULT_LIMITS, SCRIPT_BYTES_MAX } from '../domain/limits.ts';
import type { ScriptLimits } from '../sandbox/runner.ts';

/** What scripts and what is said about tools may take up. Times are milliseconds, sizes bytes of JSON. */
export interface ComposerLimits {
  /** Of one run. Its `wallMs` holds where the caller gives no time-out; a result beyond `resultBytesMax` is cut. */
  readonly script: ScriptLimits;
  /** What the operator sets them by, to name it where one is exceeded; absent where nothing does. */
  readonly scriptSettings?: Readonly<Partial<Record<keyof ScriptLimits, string>>>;
  /** The longest time-out that a caller may give. */
  readonly timeoutSecondsMax: number;
  readonly codeBytesMax: number;
  readonly constantsBytesMax: number;
  readonly constantsDepthMax: number;
  /** What one call may bring into a script; beyond that the script gets an error. */
  readonly replyBytesMax: number;
  /** What all calls of a run may: the journal keeps it, and whoever goes on with the run reads it whole. */
  readonly repliesBytesMax: number;
  /** After which an executor that was not heard of counts as lost. */
  readonly leaseMs: number;
  /** For the tools of servers that were never seen, when somebody looks for tools. */
  readonly lookupMs: number;
  readonly toolsFoundMax: number;
  /** Of a documentation; the rest of the tools is counted, and left out. */
  readonly documentationCharactersMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_COMPOSER_LIMITS: Omit<ComposerLimits, 'script'> = {
  timeoutSecondsMax: 86_400,
  codeBytesMax: SCRIPT_BYTES_MAX,
  // Whatever the context of a run and a report can be, a script step can be given both.
  constantsBytesMax: DEFAULT_LIMITS.contextBytesMax + DEFAULT_LIMITS.reportBytesMax + KIB,
  constantsDepthMax: DEFAULT_LIMITS.jsonDepthMax + 1,
  replyBytesMax: 4 * MIB,
  repliesBytesMax: 64 * MIB,
  leaseMs: 10_000,
  lookupMs: 5_000,
  toolsFoundMax: 20,
  documentationCharactersMax: 64 * KIB,
};
