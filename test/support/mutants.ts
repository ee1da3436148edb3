/** A defect planted into the program, to show that a campaign would notice it. */
export interface Mutant {
  readonly name: string;
  /** What replaces which text of which source file; the text is there exactly once. */
  readonly patches: readonly Patch[];
  /** Takes the second guard away, so that the defect itself shows and not only the guard. */
  readonly sql?: string;
}

interface Patch {
  /** Relative to `src`. */
  readonly file: string;
  readonly replace: string;
  readonly by: string;
}

const STORE = 'store/sqlite/store-on-connection.ts';

export const MUTANTS = {
  noKeyCheck: {
    name: 'no key check',
    patches: [
      {
        file: 'engine/advance.ts',
        replace: '  const stepId = reportedStep(params.report);',
        by: '  if (params.requestId !== undefined) return undefined;\n  const stepId = reportedStep(params.report);',
      },
      {
        file: 'engine/advance.ts',
        replace: 'const seen = await core.store.findRequest(instance.instanceId, params.requestId);',
        by: 'const seen = undefined as never;',
      },
      {
        file: STORE,
        replace: 'requestId === undefined ? undefined : history.findRequest(instanceId, requestId)',
        by: '[instanceId, requestId].length > 2 ? history.findRequest(instanceId, "") : undefined',
      },
    ],
    sql: 'DROP INDEX IF EXISTS workflow_history_one_per_request',
  },
  noCompareAndSwap: {
    name: 'no compare-and-swap',
    patches: [
      { file: 'store/sqlite/instance-table.ts', replace: 'and(hasId, stoodBefore)', by: 'and(hasId)' },
    ],
    sql: 'DROP INDEX IF EXISTS workflow_history_one_per_revision',
  },
  splitTransaction: {
    name: 'instance and history in two transactions',
    patches: [
      {
        file: STORE,
        replace: "    failpoint('commit_half_written');",
        by: "    client.exec('COMMIT');\n    failpoint('commit_half_written');\n    client.exec('BEGIN IMMEDIATE');",
      },
    ],
  },
  answerBeforeCommit: {
    name: 'answer before commit',
    patches: [
      {
        file: STORE,
        replace: 'const outcome = await retry(() => move.immediate(params));',
        by: [
          'if (findable(params) === false) return { outcome: "superseded" };',
          'setTimeout(() => void retry(() => move.immediate(params)).catch(() => {}), 2);',
          'const outcome: CommitOutcome = { outcome: "committed" };',
        ].join('\n'),
      },
      {
        file: STORE,
        replace: '  const note = client.transaction(',
        by: '  const findable = ({ instance }: TransitionParams) => instances.find(instance.instanceId)?.revision === instance.revision - 1;\n  const note = client.transaction(',
      },
    ],
  },
  deferred: {
    name: 'DEFERRED instead of IMMEDIATE',
    patches: [{ file: STORE, replace: 'move.immediate(params)', by: 'move.deferred(params)' }],
  },
  unpinned: {
    name: 'the files of now instead of the pinned definition',
    patches: [
      {
        file: 'engine/take-report.ts',
        replace:
          'const definition = adopted?.definition ?? (await core.definitionOf(instance.definitionHash));',
        by: [
          'const loaded = await core.definitions.find(instance.workflowName);',
          'const definition = loaded?.usable === true ? loaded.pinned.definition : await core.definitionOf(instance.definitionHash);',
        ].join('\n'),
      },
    ],
  },
} as const satisfies Record<string, Mutant>;
