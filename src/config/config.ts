import type { Limits } from '../domain/limits.ts';
import type { LogLevel } from '../domain/logger.ts';
import { SECRET_CHARS_MIN } from '../domain/redact.ts';
import type { Toolset } from '../domain/toolset.ts';
import type { CommandLine } from './value-formats.ts';

interface AiCommon {
  /** The whole budget of one decision, retries included. */
  readonly requestTimeoutMs: number;
  /** Absolute path. At most one of the two is set. */
  readonly recordPath?: string;
  readonly replayPath?: string;
}

/** A provider that is asked over the network. */
interface AiService extends AiCommon {
  readonly modelName: string;
  readonly apiKey?: string;
  /** Base URL; the provider's own if undefined. */
  readonly endpoint?: string;
}

export type AiConfig =
  | (AiService & { readonly provider: 'gemini' | 'openai' })
  | (AiCommon & { readonly provider: 'stub'; readonly scriptPath?: string | undefined })
  | (AiCommon & { readonly provider: 'client' });

/** How tasks of the queue are worked on. */
export interface TaskConfig {
  /** Undefined: the AI provider judges. */
  readonly verifyCommand?: CommandLine;
  readonly verifyTimeoutMs: number;
  readonly failuresInRowMax: number;
  readonly breakerCooldownMs: number;
  readonly runIterationsMax: number;
  readonly runMsMax: number;
  readonly leaseMs: number;
}

/** The downstream servers. */
export interface ServersConfig {
  /** Absolute path of the file that lists them; undefined: there are none. */
  readonly file?: string;
  /** One that lies in the working directory and does not count, because nobody outside of it asked for servers. */
  readonly unusedFile?: string;
  /** Whether clients may start servers by commands that the file does not have. */
  readonly allowUnlisted: boolean;
}

/** What one script may use up, as far as an operator can change it. */
export interface ScriptConfig {
  /** Where the caller gives no time-out. */
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly callsMax: number;
}

/** Everything that can be set from outside, validated and complete; frozen. */
export interface Config {
  /** Absolute paths; the earlier one wins where two hold the same workflow. */
  readonly definitionDirs: readonly string[];
  /** Absolute path of the SQLite file; it and its folder need not exist yet. */
  readonly databasePath: string;
  readonly ai: AiConfig;
  readonly tasks: TaskConfig;
  readonly servers: ServersConfig;
  readonly scripts: ScriptConfig;
  readonly logLevel: LogLevel;
  readonly toolsets: readonly Toolset[];
  readonly limits: Limits;
}

/** What must never show up in logs, messages or the database. */
export function secretsOf({ ai }: Config): readonly string[] {
  if (ai.provider !== 'gemini' && ai.provider !== 'openai') return [];
  const candidates = [ai.apiKey ?? '', ai.endpoint === undefined ? '' : new URL(ai.endpoint).password];
  return candidates.filter((candidate) => candidate.length >= SECRET_CHARS_MIN);
}
