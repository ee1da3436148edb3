import type { Mutant } from './mutants.ts';

const CHANGES = 'queue/task-changes.ts';
const HOLDER = 'queue/task-holder.ts';

/** Defects of the task queue; see {@link Mutant}. */
export const TASK_MUTANTS = {
  noFencing: {
    name: 'the fencing token is not looked at',
    patches: [
      {
        file: HOLDER,
        replace: "if (task.status === 'in_progress' && task.fencingToken === fencingToken) return task;",
        by: "if (task.status === 'in_progress' && fencingToken > 0) return task;",
      },
      {
        file: HOLDER,
        replace:
          'if (fencingToken !== undefined && fencingToken !== task.fencingToken) throw notHeld(task, fencingToken);',
        by: '',
      },
    ],
  },
  tokenStays: {
    name: 'a task that goes back keeps its fencing token',
    patches: [
      {
        file: CHANGES,
        replace: 'feedback: feedback ?? task.feedback,\n    fencingToken: task.fencingToken + 1,',
        by: 'feedback: feedback ?? task.feedback,',
      },
    ],
  },
  claimWithoutLock: {
    name: 'a claim reads, and then writes, without the lock',
    patches: [
      {
        file: 'store/sqlite/task-store-on-connection.ts',
        replace: 'const claimNext = changing((claim: TaskChange, claimKey: string | undefined)',
        by: 'const claimNext = unlocked((claim: TaskChange, claimKey: string | undefined)',
      },
      {
        file: 'store/sqlite/task-store-on-connection.ts',
        replace: 'function changeOne(task: Task, change: TaskChange): Task {',
        // Held up between the two, so that a short run meets it.
        by: [
          'function unlocked<Work>(work: Work) { return { immediate: work }; }',
          'function changeOne(task: Task, change: TaskChange): Task {',
          'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);',
        ].join('\n'),
      },
    ],
  },
  attemptsNotCounted: {
    name: 'a claim is not counted as an attempt',
    patches: [{ file: CHANGES, replace: 'attempts: task.attempts + 1,', by: '' }],
  },
  leaseForEver: {
    name: 'a lease never ends',
    patches: [
      {
        file: CHANGES,
        replace: 'leaseExpiresAt === undefined || leaseExpiresAt > now) return task;',
        by: 'leaseExpiresAt !== now) return task;',
      },
    ],
  },
  noHeartbeat: {
    name: 'a worker does not renew the lease of its task',
    patches: [{ file: 'queue/kept-lease.ts', replace: '  scheduleBeat();\n  return {', by: '  return {' }],
  },
  startsOver: {
    name: 'whoever takes a task over begins its run anew',
    patches: [
      {
        file: CHANGES,
        replace: 'return handBack(task, { now, error, startsOver: false });',
        by: 'return handBack(task, { now, error, startsOver: true });',
      },
    ],
  },
  noRepeats: {
    name: 'a completion that is told again is not recognized',
    patches: [
      {
        file: CHANGES,
        replace:
          "if (task.status === 'completed' && canonicalJson(task.result) === canonicalJson(result)) return task;",
        by: '',
      },
    ],
  },
  judgementIgnored: {
    name: 'the judgement is not looked at',
    patches: [
      {
        file: 'queue/attempt.ts',
        replace:
          'return judgement.accepted ? accepted(result) : rejected(storableText(judgement.feedback, limits));',
        by: 'return accepted(result);',
      },
    ],
  },
  noJudgementAccepts: {
    name: 'a result is accepted where there is no judgement',
    patches: [
      {
        file: 'queue/attempt.ts',
        replace: 'return noJudgement(storableText(messageOf(error), limits));',
        by: 'return accepted(result);',
      },
    ],
  },
  noJudgementRefunds: {
    name: 'an attempt without a judgement does not count',
    patches: [
      {
        file: 'queue/attempt-ending.ts',
        replace: 'export function noJudgement(why: string): Ending {',
        by: 'export function noJudgement(why: string): Ending {\n  if (why) return { ...stopped(), outcome: "failure" };',
      },
    ],
  },
  garbageAccepts: {
    name: 'a judgement that cannot be read accepts',
    patches: [
      {
        file: 'ai/work-schema.ts',
        replace: 'if (!wire.ok) return wire;\n  const feedback',
        by: 'if (!wire.ok) return { ok: true, value: { accepted: true } };\n  const feedback',
      },
    ],
  },
  breakerInMemory: {
    name: 'every process has a circuit breaker of its own',
    patches: [
      {
        file: 'store/sqlite/task-store-on-connection.ts',
        replace: 'const breakers = createBreakerTable(db, BREAKER);',
        by: [
          'let breaker = createBreakerTable(db, BREAKER).find();',
          'const breakers = { find: () => breaker, keep: (next: CircuitBreaker) => void (breaker = next) };',
        ].join('\n'),
      },
    ],
  },
  trialForAll: {
    name: 'whoever has seen the cool-down end makes a trial',
    patches: [
      {
        file: 'queue/run-safety.ts',
        replace: 'asked = current;',
        // Held up, so that others have looked as well.
        by: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);',
      },
    ],
  },
  trialForEver: {
    name: 'a trial that was lost is waited for',
    patches: [
      {
        file: 'queue/circuit-breaker.ts',
        replace: 'return Math.max(0, untilMs(now, breaker.trialExpiresAt ?? now));',
        by: 'return Number.POSITIVE_INFINITY;',
      },
    ],
  },
  noCooldown: {
    name: 'an open circuit breaker does not cool down',
    patches: [
      {
        file: 'queue/circuit-breaker.ts',
        replace: 'return Math.max(0, untilMs(now, breaker.openedAt ?? now) + cooldownMs);',
        by: 'return cooldownMs === 0 ? 1 : 0;',
      },
    ],
  },
} as const satisfies Record<string, Mutant>;
