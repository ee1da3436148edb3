import type { ReadProblem } from './read-text-file.ts';
import type { Finding } from './source-text.ts';

const REASONS: Readonly<Record<ReadProblem, string>> = {
  missing: 'there is no such file',
  outside: 'it lies outside the workflows folder',
  'not-a-file': 'it is not a regular file',
  'too-large': 'the file is too large',
  'not-text': 'it is not UTF-8 text',
  unreadable: 'it cannot be read',
};

/** Why a step or an include that an author wrote down cannot be read. */
export function unreadableFinding(kind: 'step' | 'include', written: string, problem: ReadProblem): Finding {
  const subject = kind === 'step' ? 'link to' : 'include of';
  return {
    ruleId: ruleIdOf(kind, problem),
    severity: 'error',
    message: `Unexpected ${subject} "${written}": ${REASONS[problem]}.`,
  };
}

export function unreadableIndex(problem: ReadProblem): Finding {
  const isOfContent = problem === 'too-large' || problem === 'not-text';
  return {
    ruleId: isOfContent ? ruleIdOf('step', problem) : 'index-unreadable',
    severity: 'error',
    message: `Unexpected index: ${REASONS[problem]}.`,
  };
}

function ruleIdOf(kind: 'step' | 'include', problem: ReadProblem): string {
  switch (problem) {
    case 'missing':
    case 'outside':
    case 'unreadable':
      return `${kind}-${problem}`;
    case 'not-a-file':
      return `${kind}-unreadable`;
    case 'too-large':
    case 'not-text':
      return `file-${problem}`;
  }
}
