import type { Model } from '../ai/model.ts';
import { systemClock } from '../domain/clock.ts';
import type { WiringParams } from './program.ts';

/** What decides where declared transitions do not; throws `CONFIG_INVALID` if the files that it plays are broken. */
export async function openModel({ config, logger }: WiringParams): Promise<Model | undefined> {
  const { ai } = config;
  if (ai.provider === 'client') return undefined;
  const { createModel } = await import('../ai/create-model.ts');
  return createModel({ settings: ai, clock: systemClock, logger });
}
