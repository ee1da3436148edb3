import type { ToolCall, ToolOffer, WorkTools } from '../../src/ai/performer.ts';
import type { JsonValue } from '../../src/domain/json.ts';

/** Tools that answer as they are told, and keep what they were called for. */
export interface ScriptedTools extends WorkTools {
  readonly called: readonly ToolCall[];
}

export const WRITE_FILE = {
  server: 'files',
  name: 'write_file',
  description: 'Writes a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
};

export interface ScriptedToolsParams {
  readonly offer?: Partial<ToolOffer>;
  /** What a call brings; `{"ok": true}` if left out. */
  readonly run?: (call: ToolCall, number: number) => JsonValue;
}

export function createScriptedTools({ offer, run }: ScriptedToolsParams = {}): ScriptedTools {
  const called: ToolCall[] = [];
  return {
    called,
    offer: async () => ({ tools: [WRITE_FILE], unavailable: [], ...offer }),
    async call(call) {
      called.push(call);
      return run === undefined ? { ok: true } : run(call, called.length);
    },
  };
}
