/** What a figure has to reach. */
export interface Bar {
  readonly is: 'at least' | 'at most' | 'below';
  readonly value: number;
}

/** Everything that this project promises about its speed and its thrift: change a promise here, and nowhere else. */
export const BARS = {
  advancesPerSecond: { is: 'at least', value: 1_000 },
  advancesToNoOpCalls: { is: 'at least', value: 0.5 },
  advanceP99Ms: { is: 'below', value: 5 },
  lastToFirstSteps: { is: 'at most', value: 1.2 },
  claimsOfManyToFew: { is: 'at most', value: 1.5 },
  diskBytesOverPayload: { is: 'at most', value: 1_024 },
  coldStartToHello: { is: 'at most', value: 1 },
  toolListTokens: { is: 'at most', value: 1_000 },
  llmCallsWhereDeclared: { is: 'at most', value: 0 },
  llmCallsPerDecision: { is: 'at most', value: 1 },
  promptToWholePrompt: { is: 'at most', value: 0.25 },
  readyMs: { is: 'at most', value: 2_000 },
  listWorkflowsMs: { is: 'at most', value: 50 },
  workflowsReadAgain: { is: 'at most', value: 1 },
  scriptCallsInSequence: { is: 'at most', value: 2.5 },
  scriptCallsInParallel: { is: 'at most', value: 2 },
  firstScriptMs: { is: 'at most', value: 150 },
  warmScriptMs: { is: 'at most', value: 10 },
  replayMs: { is: 'at most', value: 100 },
  stallMs: { is: 'at most', value: 50 },
} as const satisfies Readonly<Record<string, Bar>>;

export type BarName = keyof typeof BARS;

export function reaches(value: number, bar: Bar): boolean {
  switch (bar.is) {
    case 'at least':
      return value >= bar.value;
    case 'at most':
      return value <= bar.value;
    case 'below':
      return value < bar.value;
  }
}
