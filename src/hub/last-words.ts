const LINES_MAX = 20;
/** Frames of a stack, lines of nothing but brackets and marks, and what Node says last whenever it fails. */
const SAYS_NOTHING = /^\s*at .*[:(]|^[\s()[\]{}^~,;|-]*$|^Node\.js v\d/;
const NAMES_ERROR = /(?:^|[\s[])[\w.]*(?:Error|Exception)\b/;
/** npm, and so `npx`, says it in its first sentence; codes and paths stand before that, advice and a file behind it. */
const NPM_SENTENCE = /^npm (?:error|ERR!) (?!(?:code|errno|syscall|path|dest) |A complete log |\d+$)/;

/** Keeps the last lines that a process wrote, to say why it ended. */
export interface LastWords {
  note(line: string): void;
  /** The line that says most: the last one that names an error, npm's first sentence, else the last one; empty where there is none. */
  tell(): string;
}

export function createLastWords(): LastWords {
  const lines: string[] = [];
  return {
    note(line) {
      if (SAYS_NOTHING.test(line)) return;
      lines.push(line);
      if (lines.length > LINES_MAX) lines.shift();
    },
    tell: () =>
      lines.findLast((line) => NAMES_ERROR.test(line)) ??
      lines.find((line) => NPM_SENTENCE.test(line)) ??
      lines.at(-1) ??
      '',
  };
}
