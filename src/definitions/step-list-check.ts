import { FINISH } from '../domain/definition.ts';
import { foldName } from '../domain/step-names.ts';
import type { Diagnostic } from './diagnostic.ts';
import { diagnosticAt, type Finding, type SourceText } from './source-text.ts';
import type { StepLink } from './step-list.ts';

export const STEPS_MAX = 500;
const NAME_CHARS_MAX = 200;

/** What is wrong with the step list as a list: how long it is, and what the steps are called. */
export function checkStepList(index: SourceText, links: readonly StepLink[]): readonly Diagnostic[] {
  if (links.length === 0) return [diagnosticAt(index, 0, noSteps)];
  if (links.length > STEPS_MAX) return [diagnosticAt(index, 0, tooManySteps(links.length))];
  const names = new Set<string>();
  const spellings = new Map<string, string>();
  return links.flatMap(({ name, at }) => {
    const finding = nameProblem({ name, isTaken: names.has(name), twin: spellings.get(foldName(name)) });
    names.add(name);
    spellings.set(foldName(name), name);
    return finding === undefined ? [] : [diagnosticAt(index, at, finding)];
  });
}

interface NameProblemParams {
  readonly name: string;
  readonly isTaken: boolean;
  /** A name before it that is the same after folding. */
  readonly twin: string | undefined;
}

function nameProblem({ name, isTaken, twin }: NameProblemParams): Finding | undefined {
  if (name === '' || name.length > NAME_CHARS_MAX || /\p{Cc}/u.test(name)) {
    const message = `Unexpected step name, expected 1 to ${NAME_CHARS_MAX} characters as the link text.`;
    return { ruleId: 'step-name', severity: 'error', message };
  }
  if (isTaken) {
    return {
      ruleId: 'step-duplicate',
      severity: 'error',
      message: `Unexpected second step named "${name}".`,
    };
  }
  if (name !== FINISH && foldName(name) === foldName(FINISH)) {
    const message = `Unexpected step name "${name}": write \`${FINISH}\` for closing words, or another name.`;
    return { ruleId: 'step-name-reserved', severity: 'warning', message };
  }
  if (twin === undefined || foldName(name) === '') return undefined;
  const message = `Unexpected step name "${name}": it differs from "${twin}" only in letter case or punctuation.`;
  return { ruleId: 'step-name-ambiguous', severity: 'warning', message };
}

const noSteps: Finding = {
  ruleId: 'no-steps',
  severity: 'error',
  message:
    'Expected at least one step: a list item that starts with a link to a `.md` file, below the heading `Steps` if there is one.',
};

function tooManySteps(count: number): Finding {
  const message = `Unexpected ${count} steps, expected at most ${STEPS_MAX}.`;
  return { ruleId: 'definition-too-large', severity: 'error', message };
}
