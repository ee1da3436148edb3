import { drizzle } from 'drizzle-orm/better-sqlite3';
import { Defect, Fault } from '../../domain/errors.ts';
import { isEnded, type JournaledCall, type ScriptRun } from '../../domain/script-run.ts';
import type { JournalEntry, JournalStore, RunHolder, TakenRun, TakeRunParams } from '../journal-store.ts';
import { createScriptCallTable } from './script-call-table.ts';
import { createScriptRunTable } from './script-run-table.ts';
import type { StoreOnConnectionParams } from './store-on-connection.ts';

/** Calls that are read in one go: each may have megabytes. */
const CALLS_PER_READ = 5;
/** After which others get their turn of the event loop. */
const TURN_MS = 10;

/** The verbs, over a connection whose tables are up to date. */
export function createJournalStoreOnConnection({ client, retry }: StoreOnConnectionParams): JournalStore {
  const db = drizzle(client);
  const runs = createScriptRunTable(db);
  const callTable = createScriptCallTable(db);

  function requireHold({ runId, fencingToken }: RunHolder): void {
    if (runs.heldBy(runId) === fencingToken) return;
    throw new Fault(
      'LEASE_LOST',
      `The script run ${runId} is in the hands of another executor, or of none.`,
      {
        hint: 'Execute it again under the same run_id: it goes on, or gives its result.',
        details: { run_id: runId },
      },
    );
  }

  const take = client.transaction(({ runId, fresh, now, leaseExpiresAt }: TakeRunParams): TakenRun => {
    const found = runs.find(runId);
    if (found === undefined) {
      const times = { createdAt: now, updatedAt: now, leaseExpiresAt };
      const run: ScriptRun = { runId, ...fresh, status: 'running', fencingToken: 1, ...times };
      runs.insert(run);
      return { outcome: 'taken', run, calls: [], replyBytes: 0 };
    }
    const isOther = found.codeHash !== fresh.codeHash;
    if (isEnded(found.status)) return { outcome: isOther ? 'other_code' : 'ended', run: found };
    if (found.leaseExpiresAt !== undefined && found.leaseExpiresAt > now)
      return { outcome: isOther ? 'other_code' : 'busy', run: found };
    const { calls, replyBytes } = callTable.sizeOf(runId);
    if (isOther && calls > 0) return { outcome: 'other_code', run: found };
    const { answer: _answer, ...unanswered } = found;
    const run: ScriptRun = {
      ...unanswered,
      ...(calls === 0 && fresh),
      status: 'running',
      fencingToken: found.fencingToken + 1,
      leaseExpiresAt,
      updatedAt: now,
    };
    runs.update(run);
    return { outcome: 'taken', run, calls: [], replyBytes };
  });

  /** Of a run that the caller has, so that they stay what they are. */
  async function callsOf(runId: string): Promise<readonly JournaledCall[]> {
    const calls: JournaledCall[] = [];
    for (let turnMs = performance.now(); ; ) {
      const last = calls.at(-1)?.seq ?? 0;
      const next = await retry(() => callTable.after(runId, last, CALLS_PER_READ));
      calls.push(...next);
      if (next.length < CALLS_PER_READ) return calls;
      if (performance.now() - turnMs < TURN_MS) continue;
      await new Promise((resolveTurn) => setImmediate(resolveTurn));
      turnMs = performance.now();
    }
  }

  const renew = client.transaction((holder: RunHolder, leaseExpiresAt: string): void => {
    requireHold(holder);
    runs.extendLease(holder.runId, leaseExpiresAt);
  });

  const append = client.transaction((holder: RunHolder, entries: readonly JournalEntry[]): void => {
    requireHold(holder);
    callTable.append(holder.runId, entries);
  });

  /** Gives the run out of hand. */
  const letGo = client.transaction((holder: RunHolder, changes: Partial<ScriptRun>): void => {
    requireHold(holder);
    const run = runs.find(holder.runId);
    if (run === undefined) throw new Defect(`The script run ${holder.runId} is gone.`);
    const { leaseExpiresAt: _lease, ...held } = run;
    runs.update({ ...held, ...changes });
  });

  return {
    // Taking the write lock first means that what is checked still holds when it is acted upon.
    async takeRun(params) {
      const taken = await retry(() => take.immediate(params));
      return taken.outcome === 'taken' ? { ...taken, calls: await callsOf(params.runId) } : taken;
    },
    renewLease: (holder, leaseExpiresAt) => retry(() => renew.immediate(holder, leaseExpiresAt)),
    append: (holder, entries) => retry(() => append.immediate(holder, entries)),
    endRun: (holder, { status, answer, now }) =>
      retry(() => letGo.immediate(holder, { status, answer, updatedAt: now })),
    releaseRun: (holder, now) => retry(() => letGo.immediate(holder, { updatedAt: now })),
    findRun: (runId) => retry(() => runs.find(runId)),
  };
}
