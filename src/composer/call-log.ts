import type { CallSummary } from './composer.ts';
import type { ScriptFunction } from './script-functions.ts';

/** What became of the calls to tools, for the answer. */
export interface CallLog {
  begin(seq: number, called: ScriptFunction): void;
  finish(seq: number, outcome: Pick<CallSummary, 'ok' | 'ms'>): void;
  /** In the order in which the script made them; those without an outcome are not `ok`. */
  summaries(): readonly CallSummary[];
  unfinished(): number;
}

export function createCallLog(): CallLog {
  const calls = new Map<number, CallSummary>();
  const finished = new Set<number>();
  return {
    begin(seq, called) {
      if (called.kind === 'sleep') return;
      const { server, tool } =
        called.kind === 'missing' ? called : { server: called.tool.server, tool: called.tool.name };
      calls.set(seq, { server, tool, ms: 0, ok: false });
    },
    finish(seq, { ok, ms }) {
      const call = calls.get(seq);
      if (call === undefined) return;
      calls.set(seq, { ...call, ok, ms });
      finished.add(seq);
    },
    summaries: () => [...calls].sort(([one], [other]) => one - other).map(([, call]) => call),
    unfinished: () => calls.size - finished.size,
  };
}
