import type { JsonObject, JsonValue } from './json.ts';

/** Client Instructions with their variables filled in. */
export interface FilledTemplate {
  readonly text: string;
  /** Paths of variables that the context does not have (`a.b` for `{{ context.a.b }}`), each once. */
  readonly missing: readonly string[];
}

/** One `{{ context.a.b }}` of a text. */
export interface TemplateVariable {
  /** The path below the context: `['a', 'b']`. */
  readonly path: readonly string[];
  /** Where the opening braces stand, in UTF-16 units. */
  readonly offset: number;
}

/** A backslash in front of the braces keeps them as they are, for texts that explain templates. */
const VARIABLE = /(\\?)\{\{\s*context((?:\.[^\s.{}]+)+)\s*\}\}/g;

/**
 * Fills in `{{ context.a.b }}`, also `{{ context.items.0 }}`: strings as they are, other values as JSON. A
 * variable that is missing stays as written; `\{{ context.a }}` becomes `{{ context.a }}`, unfilled. Only own
 * properties count, and what was filled in is not looked at again.
 */
export function fillTemplate(text: string, context: JsonObject): FilledTemplate {
  const missing = new Set<string>();
  const filled = text.replace(VARIABLE, (written: string, backslash: string, dotted: string) => {
    if (backslash !== '') return written.slice(1);
    const path = pathOf(dotted);
    const value = valueAt(context, path);
    if (value === undefined) {
      missing.add(path.join('.'));
      return written;
    }
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  return { text: filled, missing: [...missing] };
}

/** The variables that {@link fillTemplate} would look up, in the order in which they are written. */
export function templateVariables(text: string): readonly TemplateVariable[] {
  const variables: TemplateVariable[] = [];
  text.replace(VARIABLE, (written: string, backslash: string, dotted: string, offset: number) => {
    if (backslash === '') variables.push({ path: pathOf(dotted), offset });
    return written;
  });
  return variables;
}

function pathOf(dotted: string): readonly string[] {
  return dotted.slice(1).split('.');
}

function valueAt(context: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: unknown = context;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
    if (!Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value as JsonValue | undefined;
}
