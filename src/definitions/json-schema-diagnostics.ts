import type { JsonObject } from '../domain/json.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { FrontMatter } from './front-matter.ts';
import type { SchemaChecker } from './schema-check.ts';

export interface JsonSchemaDiagnosticsParams {
  readonly schema: JsonObject | undefined;
  /** The key of the front matter that holds it. */
  readonly key: string;
  readonly frontMatter: FrontMatter<unknown>;
  readonly checkSchema: SchemaChecker;
}

/** What is wrong with a schema of the front matter, at its place there. */
export function jsonSchemaDiagnostics(params: JsonSchemaDiagnosticsParams): readonly Diagnostic[] {
  const { schema, key, frontMatter, checkSchema } = params;
  if (schema === undefined) return [];
  return checkSchema(schema).map(({ path, severity, message }) => {
    const ruleId = severity === 'error' ? 'json-schema' : 'json-schema-ignored';
    return frontMatter.diagnose([key, ...path], { ruleId, severity, message });
  });
}
