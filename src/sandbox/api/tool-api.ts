import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { cleanText, docComment, firstSentence } from './comment.ts';
import { functionNames } from './function-names.ts';
import { inferredSchema } from './inferred-schema.ts';
import { printType } from './print-type.ts';
import { SchemaTooLarge, type SchemaTypes, schemaTypes } from './schema-types.ts';
import { ANY_OBJECT, type TypeNode } from './type-node.ts';

/** How much is said of each function: its name and first sentence; its types; everything that its server says. */
export const API_DETAILS = ['brief', 'signatures', 'full'] as const;
export type ApiDetail = (typeof API_DETAILS)[number];

/** A tool as its server describes it, and what it was seen to return. */
export interface ApiTool {
  readonly server: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: JsonObject;
  readonly outputSchema?: JsonObject;
  /** Good results; used where there is no schema of them. */
  readonly samples?: readonly JsonValue[];
}

/** The function that a script calls for a tool. */
export interface ToolApi {
  readonly server: string;
  readonly tool: string;
  readonly functionName: string;
  /** Valid TypeScript, or a line of text for `brief`; nothing of the server's gets out of its comments and literals. */
  describe(detail: ApiDetail): string;
}

const SENTENCE_CHARACTERS_MAX = 160;
const DESCRIPTION_CHARACTERS_MAX = 4_000;
/** Of the types of one function. */
const TYPE_CHARACTERS_MAX = 16_000;

/** The functions of all these tools, in their order; their names depend on which tools there are, not on the order. */
export function toolApis(tools: readonly ApiTool[]): readonly ToolApi[] {
  const names = functionNames(tools);
  return tools.map((tool, index) => {
    const functionName = names[index] ?? '';
    return {
      server: tool.server,
      tool: tool.name,
      functionName,
      describe: (detail) =>
        detail === 'brief' ? describeBriefly(tool, functionName) : describeFully(tool, functionName, detail),
    };
  });
}

function describeBriefly({ description = '' }: ApiTool, functionName: string): string {
  const sentence = sentenceOf(description);
  return sentence === '' ? functionName : `${functionName}: ${sentence}`;
}

function describeFully(tool: ApiTool, functionName: string, detail: 'signatures' | 'full'): string {
  const docs = detail === 'full';
  const isObserved = tool.outputSchema === undefined && (tool.samples ?? []).length > 0;
  const args = describedType({
    schema: tool.inputSchema ?? {},
    prefix: `${functionName}$`,
    docs,
    only: isObjectType,
  });
  const result = describedType({
    schema: tool.outputSchema ?? inferredSchema(tool.samples ?? []),
    prefix: `${functionName}$Result$`,
    docs,
  });
  const parameter = `args${args === undefined || acceptsNothing(args.type) ? '?' : ''}: ${args?.text ?? ANY_ARGUMENTS}`;
  return [
    ...(args?.aliases ?? []),
    ...(result?.aliases ?? []),
    ...docLines(tool, { docs, isObserved }),
    `declare function ${functionName}(${parameter}): Promise<${result?.text ?? 'unknown'}>;`,
  ].join('\n');
}

const ANY_ARGUMENTS = printType(ANY_OBJECT, { docs: false });

interface DescribedType {
  readonly type: TypeNode;
  readonly text: string;
  readonly aliases: readonly string[];
}

/** Undefined where the schema is too large, or its type is not the one that is wanted. */
function describedType(params: {
  readonly schema: JsonValue;
  readonly prefix: string;
  readonly docs: boolean;
  readonly only?: (type: TypeNode) => boolean;
}): DescribedType | undefined {
  const found = typesOf(params.schema, params.prefix);
  if (found === undefined || params.only?.(found.type) === false) return undefined;
  const print = (type: TypeNode) => printType(type, { docs: params.docs });
  const text = print(found.type);
  const aliases = found.aliases.map(({ name, type }) => `type ${name} = ${print(type)};`);
  const characters = [text, ...aliases].reduce((sum, each) => sum + each.length, 0);
  return characters > TYPE_CHARACTERS_MAX ? undefined : { type: found.type, text, aliases };
}

function typesOf(schema: JsonValue, prefix: string): SchemaTypes | undefined {
  try {
    return schemaTypes(schema, prefix);
  } catch (error) {
    if (error instanceof SchemaTooLarge) return undefined;
    throw error;
  }
}

function docLines(
  { description = '' }: ApiTool,
  { docs, isObserved }: { readonly docs: boolean; readonly isObserved: boolean },
): readonly string[] {
  const text = docs ? cleanText(description, DESCRIPTION_CHARACTERS_MAX) : sentenceOf(description);
  const observed = isObserved ? 'The type of the result is what was observed.' : '';
  const lines = [text, observed].filter((line) => line !== '');
  return lines.length === 0 ? [] : [docComment(lines.join(docs ? '\n' : ' '))];
}

const sentenceOf = (description: string) =>
  firstSentence(cleanText(description, DESCRIPTION_CHARACTERS_MAX), SENTENCE_CHARACTERS_MAX);

/** Arguments are always an object. */
function isObjectType(type: TypeNode): boolean {
  if (type.kind === 'union' || type.kind === 'intersection') return type.members.every(isObjectType);
  return type.kind === 'object';
}

/** Whether a call without arguments would do. */
function acceptsNothing(type: TypeNode): boolean {
  if (type.kind === 'union') return type.members.some(acceptsNothing);
  if (type.kind === 'intersection') return type.members.every(acceptsNothing);
  return type.kind === 'object' && type.members.every(({ isRequired }) => !isRequired);
}
