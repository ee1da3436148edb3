export type Redact = (text: string) => string;

const REPLACEMENT = '[redacted]';

/** Blanks out secrets wherever they occur in a text, also as they look inside a URL. */
export function createRedactor(secrets: readonly string[]): Redact {
  const forms = new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]));
  // The longest first: one secret may be the beginning of another.
  const ordered = [...forms].filter((form) => form !== '').sort((one, other) => other.length - one.length);
  return (text) => ordered.reduce((rest, form) => rest.replaceAll(form, REPLACEMENT), text);
}
