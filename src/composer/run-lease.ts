import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { JournalStore, RunHolder } from '../store/journal-store.ts';

/** Of a lease: two renewals may be late or fail before it ends. */
const HEARTBEAT_SHARE = 1 / 3;

export interface RunLeaseParams {
  readonly journal: Pick<JournalStore, 'renewLease'>;
  readonly holder: RunHolder;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Told once, when another executor has the run, or may have it. */
  readonly onLost: (error: unknown) => void;
}

/** Renews the lease of a run at a third of its time. Returns the way to stop it. */
export function keepRunLease(params: RunLeaseParams): () => void {
  const { journal, holder, leaseMs, clock, timers, logger, onLost } = params;
  let endsMs = clock.monotonicMs() + leaseMs;
  let isStopped = false;
  let stopTimer = () => {};

  async function beat(): Promise<void> {
    const askedMs = clock.monotonicMs();
    try {
      await journal.renewLease(holder, leaseEnd(clock, leaseMs));
      endsMs = askedMs + leaseMs;
    } catch (error) {
      if (isStopped) return;
      if (isLeaseLost(error) || clock.monotonicMs() >= endsMs) return onLost(error);
      logger.warn('The lease of a script could not be renewed.', { run: holder.runId, error });
    }
    if (!isStopped) scheduleBeat();
  }

  function scheduleBeat(): void {
    stopTimer = timers.start(leaseMs * HEARTBEAT_SHARE, () => void beat());
  }

  scheduleBeat();
  return () => {
    isStopped = true;
    stopTimer();
  };
}

/** ISO-8601 UTC. */
export function leaseEnd(clock: Clock, leaseMs: number): string {
  return new Date(Date.parse(clock.now()) + leaseMs).toISOString();
}

export function isLeaseLost(error: unknown): boolean {
  return error instanceof Fault && error.code === 'LEASE_LOST';
}
