import type { JsonValue } from '../domain/json.ts';
import type { DownstreamTool } from '../hub/hub.ts';

const SAMPLES_PER_TOOL = 3;
const TOOLS_MAX = 500;
/** Larger results say no more about their type than a part of them would. */
const SAMPLE_BYTES_MAX = 16 * 1024;

/** What tools were seen to return that do not declare it; forgotten with the process. */
export interface ResultSamples {
  /** @param bytes of the value's JSON */
  note(tool: DownstreamTool, value: JsonValue, bytes: number): void;
  of(tool: DownstreamTool): readonly JsonValue[];
}

export function createResultSamples(): ResultSamples {
  const samples = new Map<string, JsonValue[]>();
  const keyOf = ({ server, name }: DownstreamTool) => JSON.stringify([server, name]);
  return {
    note(tool, value, bytes) {
      if (tool.outputSchema !== undefined || bytes > SAMPLE_BYTES_MAX) return;
      const key = keyOf(tool);
      const seen = samples.get(key) ?? [];
      if (seen.length >= SAMPLES_PER_TOOL || (seen.length === 0 && samples.size >= TOOLS_MAX)) return;
      seen.push(value);
      samples.set(key, seen);
    },
    of: (tool) => samples.get(keyOf(tool)) ?? [],
  };
}
