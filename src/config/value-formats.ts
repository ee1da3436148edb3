import * as z from 'zod';

export interface WholeNumberParams {
  readonly min: number;
  readonly max: number;
  /** What the number is, after "is not". */
  readonly what: string;
}

/** A text of digits within a range. */
export function wholeNumber({ min, max, what }: WholeNumberParams) {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue(`${quote(text)} is not ${what}. Use a whole number from ${min} to ${max}.`);
    return z.NEVER;
  });
}

/** `true` or `false`, also as other programs write them. */
export const yesOrNo = z.stringbool({
  truthy: ['true', '1', 'yes'],
  falsy: ['false', '0', 'no'],
  error: (issue) => `${quote(issue.input)} is neither yes nor no. Use true or false.`,
});

export type CommandLine = readonly [program: string, ...args: string[]];

/**
 * A program and its arguments: a JSON array of texts, or words between spaces. Quotes are refused where a shell would
 * give them a meaning, because none reads this.
 */
export const commandLine = z.string().transform((text, context): CommandLine => {
  const { data } = wordsSchema.safeParse(text.startsWith('[') ? jsonOf(text) : wordsOf(text));
  if (data !== undefined) return data;
  context.addIssue(
    'This is neither words between spaces nor a JSON array of texts. No shell reads it: write ' +
      '["program", "an argument with spaces"] where a word needs spaces or quotes.',
  );
  return z.NEVER;
});

const wordsSchema = z.tuple([z.string().min(1)], z.string());

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordsOf(text: string): readonly string[] | undefined {
  return /["'`]/.test(text) ? undefined : text.split(/\s+/);
}

export function quote(value: unknown): string {
  return JSON.stringify(String(value));
}
