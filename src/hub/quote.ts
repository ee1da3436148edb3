const SECRET_CHARS_MIN = 5;
const QUOTE_CHARS_MAX = 300;

/** Makes words from outside fit to be shown and logged. */
export type Quote = (text: string) => string;

/**
 * On one line, without control characters, not at any length, and without the secrets that the server was given.
 *
 * @param secrets values that must not show up; shorter ones are placeholders, and are left
 */
export function createQuote(secrets: readonly string[]): Quote {
  const hidden = secrets.filter((secret) => secret.length >= SECRET_CHARS_MIN);
  return (text) => {
    const clean = hidden.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
    const line = clean.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
    return line.length <= QUOTE_CHARS_MAX ? line : `${line.slice(0, QUOTE_CHARS_MAX)}…`;
  };
}
