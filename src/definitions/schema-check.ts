import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { FrontMatterPath } from './front-matter.ts';
import { anonymous } from './schemas.ts';

export interface SchemaProblem {
  readonly severity: 'error' | 'warning';
  /** Within the schema. */
  readonly path: FrontMatterPath;
  readonly message: string;
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
/** Their values are data, in which a `$ref` is a word like any other. */
const DATA_KEYWORDS = new Set(['const', 'default', 'enum', 'examples']);

export type SchemaChecker = (schema: JsonObject) => readonly SchemaProblem[];

/** Says what is wrong with a JSON Schema in a workflow file, before any data is checked with it. */
export function createSchemaChecker(): SchemaChecker {
  const warnings = new Set<string>();
  const warn = (...parts: readonly unknown[]) => void warnings.add(parts.join(' '));
  let ajv: Ajv2020 | undefined;

  function compileProblems(schema: JsonObject): readonly SchemaProblem[] {
    ajv ??= new Ajv2020({
      strict: false,
      // Unknown keywords are reported, and do no harm; unknown formats are not even that.
      strictSchema: 'log',
      validateFormats: false,
      logger: { log: warn, warn, error: warn },
    });
    warnings.clear();
    try {
      if (ajv.validateSchema(schema) !== true) {
        const [first] = ajv.errors ?? [];
        const place = first === undefined || first.instancePath === '' ? 'it' : `\`${first.instancePath}\``;
        const message = `Unexpected JSON Schema: ${place} ${first?.message ?? 'does not fit the meta schema'}.`;
        return [{ severity: 'error', path: pathOf(first?.instancePath ?? ''), message }];
      }
      ajv.compile(schema);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it does not compile';
      return [{ severity: 'error', path: [], message: `Unexpected JSON Schema: ${reason}.` }];
    } finally {
      ajv.removeSchema();
    }
    return [...warnings].map((warning) => {
      const keyword = /unknown keyword: "(.*)"/.exec(warning)?.[1];
      const message =
        keyword === undefined
          ? `${warning}.`
          : `Unexpected keyword \`${keyword}\` in a JSON Schema: it is ignored.`;
      return { severity: 'warning', path: [], message };
    });
  }

  return (schema) => {
    const problems: SchemaProblem[] = [];
    if (schema.$schema !== undefined && schema.$schema !== DIALECT) {
      const message = `Unexpected \`$schema\`, expected ${DIALECT}: it is read as that.`;
      problems.push({ severity: 'warning', path: ['$schema'], message });
    }
    const foreign = foreignReferences(schema, []);
    problems.push(...foreign);
    if (foreign.length === 0) problems.push(...compileProblems(anonymous(schema)));
    return problems;
  };
}

/** Only references within the schema are followed: nothing is ever fetched. */
function foreignReferences(value: JsonValue, path: FrontMatterPath): readonly SchemaProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    const isReference = key === '$ref' || key === '$dynamicRef';
    if (isReference && typeof member === 'string' && !member.startsWith('#')) {
      const message = `Unexpected reference to "${member}", expected one within the schema (\`#/...\`).`;
      return [{ severity: 'error' as const, path: place, message }];
    }
    return DATA_KEYWORDS.has(key) ? [] : foreignReferences(member, place);
  });
}

/** A JSON pointer as a path; what looks like an index of a list is one. */
function pathOf(pointer: string): FrontMatterPath {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
