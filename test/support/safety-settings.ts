import type { SafetySettings } from '../../src/queue/run-safety.ts';

/** The product's, where nothing is configured. */
export const DEFAULT_SAFETY: SafetySettings = {
  failuresInRowMax: 5,
  cooldownMs: 60_000,
  iterationsMax: 1_000,
  runMsMax: 3_600_000,
};
