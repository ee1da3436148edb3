import { transform } from 'sucrase';
import { nextLine } from '../sections.ts';
import { diagnosticAt } from '../source-text.ts';
import type { ParsedStep } from '../workflow-files.ts';
import type { Rule } from './rule.ts';

/** Only the linter reads scripts: the parser is known to need very long for some small ones, and nobody waits here. */
export const scriptSyntax: Rule = {
  ruleId: 'script-syntax',
  severity: 'error',
  summary: 'A script cannot be read as TypeScript, so that its step will fail.',
  advice: 'Mend it. A script is the body of an async function.',
  check({ steps }) {
    return steps.flatMap((parsed) => {
      const problem = problemOf(parsed.step.script ?? '');
      if (problem === undefined) return [];
      return [
        diagnosticAt(parsed.source, placeOf(parsed, problem.line), {
          ruleId: this.ruleId,
          severity: this.severity,
          message: `The script cannot be read: ${problem.message}.`,
        }),
      ];
    });
  },
};

interface Problem {
  readonly message: string;
  /** Of the script, from 1. */
  readonly line: number;
}

function problemOf(script: string): Problem | undefined {
  try {
    transform(script, { transforms: ['typescript'], disableESTransforms: true });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return { message: 'it is nested too deeply', line: 1 };
    const { line = 1 } = (error as { readonly loc?: { readonly line?: number } }).loc ?? {};
    const message = error instanceof Error ? error.message : String(error);
    // The parser puts the place behind its sentence.
    return { message: message.replace(/ \(\d+:\d+\)$/, ''), line };
  }
}

/** Where the line begins in the source: what stands before the script in a line, as in a list, is not part of it. */
function placeOf({ source, instructionsAt }: ParsedStep, line: number): number {
  let at = instructionsAt;
  for (let passed = 1; passed < line; passed++) at = nextLine(source.text, at);
  return at;
}
