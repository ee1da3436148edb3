import type { ComposedResult, Composer, ExecuteParams } from '../../src/composer/composer.ts';
import { Fault } from '../../src/domain/errors.ts';
import { canonicalJson, type JsonValue } from '../../src/domain/json.ts';

export type Execution = ExecuteParams & { readonly runId: string };
type Play = (execution: Execution) => Promise<Partial<ComposedResult>> | Partial<ComposedResult>;

/** The port of the composer without a sandbox: it plays what a test says that a script does, and keeps what has ended. */
export interface FakeComposer extends Pick<Composer, 'execute'> {
  /** Every time that a script was really carried out. */
  readonly executions: readonly Execution[];
  play: Play;
}

export function fakeComposer(play: Play): FakeComposer {
  const executions: Execution[] = [];
  const bound = new Map<string, string>();
  const ended = new Map<string, ComposedResult>();
  const running = new Set<string>();
  const composer: FakeComposer = {
    executions,
    play,
    async execute(params) {
      const { runId = 'none', code, constants } = params;
      const content = canonicalJson([code, constants]);
      if ((bound.get(runId) ?? content) !== content) throw new Fault('RUN_ID_REUSED', 'Other code.');
      bound.set(runId, content);
      const stored = ended.get(runId);
      if (stored !== undefined) return { ...stored, replayed: true };
      if (running.has(runId)) throw new Fault('RUN_IN_PROGRESS', 'It is being executed.');
      running.add(runId);
      try {
        const execution = { ...params, runId };
        executions.push(execution);
        const played = params.signal?.aborted
          ? { status: 'cancelled' as const }
          : await composer.play(execution);
        const result = { ...blank, run_id: runId, ...played };
        if (result.status !== 'cancelled' && result.status !== 'in_doubt') ended.set(runId, result);
        return result;
      } finally {
        running.delete(runId);
      }
    },
  };
  return composer;
}

const blank = { status: 'completed', output: '', returncode: 0, calls: [] } as const;

/** Scripts that return what their code says, as JSON. */
export function returningComposer(): FakeComposer {
  return fakeComposer(({ code }) => ({ result: JSON.parse(code) as JsonValue }));
}

/** Resolves when the script is stopped; as a script does that waits for a tool. */
export function untilStopped(signal: AbortSignal | undefined): Promise<Partial<ComposedResult>> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve({ status: 'cancelled', returncode: 1 }), { once: true });
  });
}
