import { Fault } from '../domain/errors.ts';
import { adviseCaller } from './caller-advice.ts';
import type { CreateModelParams } from './create-model.ts';
import { createProvider } from './create-provider.ts';
import { createLlmPerformer } from './llm-performer.ts';
import type { Performer } from './performer.ts';
import { readStubScript } from './stub/script.ts';
import { createStubPerformer } from './stub-performer.ts';

/**
 * The performer that the settings ask for; undefined where the client is all that there is. Nothing that it does
 * is recorded, and where a recording is to be replayed, nobody may be asked: there, all verbs throw
 * `AI_MISCONFIGURED`. Throws `CONFIG_INVALID` if the stub's script cannot be used.
 */
export function createPerformer({
  settings,
  clock,
  logger,
  random = Math.random,
}: CreateModelParams): Performer | undefined {
  if (settings.provider === 'client') return undefined;
  if (settings.replayPath !== undefined) return idlePerformer(settings.provider);
  if (settings.provider === 'stub') {
    const { scriptPath } = settings;
    return createStubPerformer({ script: scriptPath === undefined ? [] : readStubScript(scriptPath) });
  }
  const provider = createProvider(settings);
  return createLlmPerformer({ provider, clock, random, budgetMs: settings.requestTimeoutMs, logger });
}

function idlePerformer(name: Performer['name']): Performer {
  const refuse = async (): Promise<never> => {
    const fault = new Fault(
      'AI_MISCONFIGURED',
      'AI_REPLAY plays back decisions only, so that nobody can work on tasks',
      { hint: 'Unset AI_REPLAY to let the AI provider work on tasks.' },
    );
    throw adviseCaller(fault, { purpose: 'work', attempts: 0 });
  };
  return { name, carryOutStep: refuse, doTask: refuse, judge: refuse };
}
