import { createHash } from 'node:crypto';

/**
 * Sets text that is data apart from the rest of a prompt. The name of the fence is a hash of what it encloses: equal
 * prompts stay equal, and no text can be found that holds its own hash, and so could close the fence.
 */
export function fence(data: string): string {
  const name = createHash('sha256').update(data).digest('hex').slice(0, 24);
  return `<data-${name}>\n${data}\n</data-${name}>`;
}
