import type { AuditedBreaker, BreakerWrite, Write } from './task-audit.ts';

export interface BreakerRules {
  /** Of those, each may have been let through just before the breaker opened. */
  readonly workers: number;
  readonly cooldownMs: number;
}

export interface BreakerFindings {
  /** What is wrong, one sentence each; nothing should be. */
  readonly problems: readonly string[];
  readonly openings: number;
  readonly trials: number;
  /** Attempts that were begun while it was not closed, and on no trial: they had been let through before it opened. */
  readonly stragglers: number;
}

/** Clocks of different processes on one machine, and what is rounded. */
const TOLERANCE_MS = 20;

/**
 * Judges the circuit breaker by the order of all writes: while it is open nothing is begun but what was let through
 * before, no trial is made before it has cooled down, and each trial is one attempt.
 */
export function consultBreakerOracle(
  writes: readonly Write[],
  { workers, cooldownMs }: BreakerRules,
): BreakerFindings {
  const problems: string[] = [];
  const count = { openings: 0, trials: 0, stragglers: 0 };
  let breaker: AuditedBreaker | undefined;
  /** Since it was last closed. */
  let stragglers = 0;
  let claimsOnTrial = 0;
  let trialsMade = 0;
  for (const write of writes) {
    if (write.what === 'breaker') {
      const { after, atMs } = write;
      if (after?.state === 'open') {
        count.openings++;
        if (breaker === undefined || breaker.state === 'closed') {
          stragglers = 0;
          trialsMade = 0;
        }
      }
      if (after?.state === 'half_open' && isNewTrial(breaker, write)) {
        count.trials++;
        trialsMade++;
        claimsOnTrial = 0;
        const cooledMs = atMs - Date.parse(after.openedAt ?? '');
        if (!(cooledMs >= cooldownMs - TOLERANCE_MS))
          problems.push(`Write ${write.number}: a trial after ${cooledMs} of ${cooldownMs} ms.`);
      }
      breaker = after;
      continue;
    }
    const isClaim = write.before?.status === 'pending' && write.after?.status === 'in_progress';
    if (!isClaim || breaker === undefined || breaker.state === 'closed') continue;
    if (breaker.state === 'half_open' && ++claimsOnTrial === 1) continue;
    if (trialsMade === 0) {
      count.stragglers++;
      if (++stragglers < workers) continue;
    }
    problems.push(`Write ${write.number}: an attempt was begun while the breaker was ${breaker.state}.`);
  }
  return { problems, ...count };
}

/** One that was given up ends at once, and is written as such; one that goes on is renewed before it ends. */
function isNewTrial(before: AuditedBreaker | undefined, { after, atMs }: BreakerWrite): boolean {
  if (before?.state !== 'half_open') return true;
  const endsMs = Date.parse(before.trialExpiresAt ?? '');
  return Date.parse(after?.trialExpiresAt ?? '') > endsMs && atMs >= endsMs;
}
