import { stripVTControlCharacters } from 'node:util';

/** A command of a `console` block, and the lines that it prints. */
export interface Exchange {
  readonly command: string;
  readonly printed: readonly string[];
}

/** Stands for any number of lines, also none. */
const GAP = '…';

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'],
  [/\b(process|kill -9) \d+/g, '$1 <pid>'],
  [/\band \d+(?:\.\d+)? s\b/g, 'and <seconds> s'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/g, '<hash>'],
  [/"step_token": "[\w-]{22}"/g, '"step_token": "<token>"'],
];

export const ID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** Each line that begins with `$ ` is a command; one that ends with a backslash goes on in the next line. */
export function readExchanges(text: string): readonly Exchange[] {
  const exchanges: { command: string; printed: string[] }[] = [];
  let continues = false;
  for (const line of text.split('\n')) {
    const last = exchanges.at(-1);
    if (line.startsWith('$ ')) exchanges.push({ command: line.slice(2), printed: [] });
    else if (last !== undefined && continues) last.command += `\n${line}`;
    else last?.printed.push(line);
    continues = line.endsWith('\\') && (continues || line.startsWith('$ '));
  }
  return exchanges;
}

/** Without what differs from run to run, without colours, and without blank lines at the end. */
export function normalize(lines: readonly string[]): readonly string[] {
  return stripVTControlCharacters(lines.join('\n'))
    .trimEnd()
    .split('\n')
    .map((line) =>
      PATTERNS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line).trimEnd(),
    );
}

/** Whether the printed lines are the shown ones, with any lines in place of a gap. */
export function fits(shown: readonly string[], printed: readonly string[]): boolean {
  const [first = [], ...others] = splitAtGaps(shown);
  const last = others.pop();
  if (last === undefined) return first.length === printed.length && standsAt(first, printed, 0);
  let from = first.length;
  for (const part of others) {
    while (from <= printed.length && !standsAt(part, printed, from)) from += 1;
    from += part.length;
  }
  const end = printed.length - last.length;
  return standsAt(first, printed, 0) && end >= from && standsAt(last, printed, end);
}

function splitAtGaps(lines: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (line.trim() === GAP) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

function standsAt(part: readonly string[], lines: readonly string[], start: number): boolean {
  return part.every((line, index) => line === lines[start + index]);
}
