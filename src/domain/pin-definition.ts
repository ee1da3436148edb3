import { createHash } from 'node:crypto';
import type { Definition, PinnedDefinition } from './definition.ts';
import { canonicalJson } from './json.ts';

/** Names a definition by its content: equal definitions get equal hashes, whatever order their keys are in. */
export function pinDefinition(definition: Definition): PinnedDefinition {
  return { hash: createHash('sha256').update(canonicalJson(definition)).digest('hex'), definition };
}
