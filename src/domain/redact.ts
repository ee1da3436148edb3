export type Redact = (text: string) => string;

/** A shorter secret is a placeholder, such as the `none` of a local service; blanking it out would garble texts. */
export const SECRET_CHARS_MIN = 5;

const REPLACEMENT = '[redacted]';

/** Blanks out secrets wherever they occur in a text, also as they look inside a URL or inside JSON. */
export function createRedactor(secrets: readonly string[]): Redact {
  const forms = new Set(
    secrets.flatMap((secret) => [secret, inUrl(secret), JSON.stringify(secret).slice(1, -1)]),
  );
  // The longest first: one secret may be the beginning of another.
  const ordered = [...forms].filter((form) => form !== '').sort((one, other) => other.length - one.length);
  return (text) => ordered.reduce((rest, form) => rest.replaceAll(form, REPLACEMENT), text);
}

/** By way of bytes, because what is not well-formed cannot be encoded. */
function inUrl(secret: string): string {
  return encodeURIComponent(Buffer.from(secret).toString());
}
