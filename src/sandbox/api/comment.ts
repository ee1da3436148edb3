/** A comment of TypeScript; nothing in the text ends it. */
export function docComment(text: string, indentation = ''): string {
  const lines = text.split('\n').map((line) => line.trimEnd().replaceAll('*/', '*\\/'));
  const [only = '', ...more] = lines;
  if (more.length === 0) return `/** ${only} */`;
  return [
    '/**',
    ...lines.map((line) => `${indentation} *${line === '' ? '' : ` ${line}`}`),
    `${indentation} */`,
  ].join('\n');
}

/** Text of somebody else's, with no line breaks but `\n`, no control characters, and not too long. */
export function cleanText(text: string, charactersMax: number): string {
  const clean = text
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) =>
      character === '\n' || character === '\t' ? character : '',
    )
    .trim();
  return clean.length <= charactersMax ? clean : `${clean.slice(0, charactersMax).trimEnd()} ...`;
}

/** On one line. */
export function firstSentence(text: string, charactersMax: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const end = line.search(/[.!?](?:\s|$)/);
  const sentence = end === -1 ? line : line.slice(0, end + 1);
  return sentence.length <= charactersMax ? sentence : `${sentence.slice(0, charactersMax).trimEnd()} ...`;
}
