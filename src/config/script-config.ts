import type { ScriptConfig } from './config.ts';
import type { Inputs } from './problems.ts';
import { SCRIPT_BOUNDS } from './variables.ts';

const MIB = 1024 * 1024;

/** Which variable sets which limit. */
export const SCRIPT_VARIABLES = {
  wallMs: 'SCRIPT_TIMEOUT_SECONDS',
  cpuMs: 'SCRIPT_CPU_SECONDS',
  memoryBytes: 'SCRIPT_MEMORY_MB',
  callsMax: 'SCRIPT_CALLS_MAX',
} as const satisfies Record<keyof ScriptConfig, string>;

export function scriptConfig({ values }: Inputs): ScriptConfig {
  return {
    wallMs: (values.SCRIPT_TIMEOUT_SECONDS ?? SCRIPT_BOUNDS.timeoutSeconds.default) * 1_000,
    cpuMs: (values.SCRIPT_CPU_SECONDS ?? SCRIPT_BOUNDS.cpuSeconds.default) * 1_000,
    memoryBytes: (values.SCRIPT_MEMORY_MB ?? SCRIPT_BOUNDS.memoryMb.default) * MIB,
    callsMax: values.SCRIPT_CALLS_MAX ?? SCRIPT_BOUNDS.calls.default,
  };
}
