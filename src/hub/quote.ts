import { createRedactor } from '../domain/redact.ts';

const QUOTE_CHARS_MAX = 300;

/** Makes words from outside fit to be shown and logged. */
export type Quote = (text: string) => string;

/**
 * On one line, without control characters, not at any length, and without the secrets that the server was given.
 *
 * @param secrets see `server-secrets.ts`
 */
export function createQuote(secrets: readonly string[]): Quote {
  const redact = createRedactor(secrets);
  return (text) => {
    const line = redact(text)
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .trim();
    return line.length <= QUOTE_CHARS_MAX ? line : `${line.slice(0, QUOTE_CHARS_MAX)}…`;
  };
}
