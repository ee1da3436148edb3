import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import { createProvider, type ProviderSettings } from './create-provider.ts';
import { createLlmModel } from './llm-model.ts';
import type { Model } from './model.ts';
import { createReplayModel, withRecording } from './recording.ts';
import { readStubScript } from './stub/script.ts';
import { createStubModel } from './stub-model.ts';

/** Who decides, where the definition does not, and works on tasks. */
export type ModelSettings = LlmSettings | StubSettings | ClientSettings;

interface RecordingSettings {
  /** Where every decision is appended to. */
  readonly recordPath?: string | undefined;
  /** A recording that answers instead of the provider, which is then never asked. */
  readonly replayPath?: string | undefined;
}

export interface LlmSettings extends RecordingSettings, ProviderSettings {
  /** Milliseconds for one answer, retries included. */
  readonly requestTimeoutMs: number;
}

export interface StubSettings extends RecordingSettings {
  readonly provider: 'stub';
  /** See {@link readStubScript}; every model and performer plays it from the start. */
  readonly scriptPath?: string | undefined;
}

export interface ClientSettings {
  readonly provider: 'client';
}

export interface CreateModelParams {
  readonly settings: ModelSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random?: (() => number) | undefined;
}

/**
 * The model that the settings ask for; undefined where the client decides. The providers' SDKs are loaded
 * with their first request, not here. Throws `CONFIG_INVALID` if the stub's script or the recording to
 * replay cannot be used.
 */
export function createModel(params: CreateModelParams): Model | undefined {
  const { settings, logger } = params;
  if (settings.provider === 'client') return undefined;
  const { recordPath, replayPath } = settings;
  const model =
    replayPath === undefined
      ? createDecider(settings, params)
      : createReplayModel({ path: replayPath, decider: settings.provider });
  return recordPath === undefined ? model : withRecording({ model, path: recordPath, logger });
}

function createDecider(
  settings: LlmSettings | StubSettings,
  { clock, logger, random = Math.random }: CreateModelParams,
): Model {
  if (settings.provider === 'stub') {
    const { scriptPath } = settings;
    return createStubModel({ script: scriptPath === undefined ? [] : readStubScript(scriptPath) });
  }
  const provider = createProvider(settings);
  return createLlmModel({ provider, clock, random, budgetMs: settings.requestTimeoutMs, logger });
}
