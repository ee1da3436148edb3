import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface TerminalParams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Terminal {
  /** Characters per line; undefined where nobody looks at the output directly. */
  readonly columns?: number;
  print(text: string): void;
  printJson(value: unknown): void;
  /** Tells the person who typed the command something that is not its result. */
  note(text: string): void;
  /** Verbatim, as commander writes. */
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  bold(text: string): string;
  dim(text: string): string;
}

export function createTerminal({ stdout, stderr }: TerminalParams): Terminal {
  for (const stream of [stdout, stderr]) {
    // A reader such as `head` may leave early; that is its right, and no failure of ours.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const writeOut = (text: string) => void stdout.write(text);
  const writeErr = (text: string) => void stderr.write(text);
  const style = (format: 'bold' | 'dim') => (text: string) =>
    stdout.isTTY === true ? styleText(format, text) : text;
  return {
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    print: (text) => writeOut(`${text}\n`),
    printJson: (value) => writeOut(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => writeErr(`${text}\n`),
    writeOut,
    writeErr,
    bold: style('bold'),
    dim: style('dim'),
  };
}

/**
 * Text from files and clients without control characters (line breaks and tabs aside): it must not be able to
 * move the cursor or rewrite what a person reads.
 */
export function plain(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}
