import type { Mutant } from './mutants.ts';

const CALLS = 'composer/answer-calls.ts';
const ORDER = 'composer/reply-order.ts';

/** Defects of the journal of scripts; see {@link Mutant}. */
export const SCRIPT_MUTANTS = {
  journalNotAwaited: {
    name: 'a call does not wait for the journal',
    patches: [{ file: CALLS, replace: '      await journal.durable();', by: '' }],
  },
  otherOrder: {
    name: 'recorded replies come as they are asked for',
    patches: [
      {
        file: ORDER,
        replace:
          'for (let next = recorded.get(position + 1); next !== undefined; next = recorded.get(position + 1)) {\n      recorded.delete(position + 1);',
        by: 'for (const next of recorded.values()) {\n      recorded.clear();',
      },
    ],
  },
  clockRunsOn: {
    name: 'the clock of a script is the one of now',
    patches: [{ file: ORDER, replace: 'step(finish.nowMs);', by: 'step(Date.parse(clock.now()));' }],
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
