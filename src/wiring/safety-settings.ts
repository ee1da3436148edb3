import type { Config } from '../config/config.ts';
import type { SafetySettings } from '../queue/run-safety.ts';

export function safetyOf({ tasks }: Config): SafetySettings {
  return {
    failuresInRowMax: tasks.failuresInRowMax,
    cooldownMs: tasks.breakerCooldownMs,
    iterationsMax: tasks.runIterationsMax,
    runMsMax: tasks.runMsMax,
  };
}
