import type { Mutant } from './mutants.ts';

const CALLS = 'composer/answer-calls.ts';
const RECORDED = 'composer/recorded-calls.ts';

/** Defects of the journal of scripts; see {@link Mutant}. */
export const SCRIPT_MUTANTS = {
  journalNotAwaited: {
    name: 'a call does not wait for the journal',
    patches: [{ file: CALLS, replace: '      await journal.durable();', by: '' }],
  },
  otherOrder: {
    name: 'recorded replies come in the order of their calls',
    patches: [
      { file: RECORDED, replace: 'one.finish.position - other.finish.position', by: 'one.seq - other.seq' },
    ],
  },
  clockRunsOn: {
    name: 'the clock of a script is the one of now',
    patches: [{ file: RECORDED, replace: 'now: finish.nowMs', by: 'now: Date.now()' }],
  },
  argsNotCompared: {
    name: 'the arguments of a recorded call are not compared',
    patches: [
      {
        file: CALLS,
        replace: 'before.name === name && before.argsHash === argsHash',
        by: 'before.name === name && argsHash !== ""',
      },
    ],
  },
  doubtfulRepeated: {
    name: 'a call that may have happened is made again',
    patches: [
      {
        file: 'composer/script-functions.ts',
        replace: "return isReadOnly(called) || hasHint(called, 'idempotentHint');",
        by: "return isReadOnly(called) || hasHint(called, 'idempotentHint') || called.kind === 'tool';",
      },
    ],
  },
} as const satisfies Record<string, Mutant>;
