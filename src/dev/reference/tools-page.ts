import { TOOLSETS } from '../../domain/toolset.ts';
import { type ToolListing, toolListing } from '../../mcp/tool-listing.ts';
import { toolsOf } from '../../mcp/toolsets.ts';
import { code, page, table } from './markdown.ts';

export function toolsPage(): string {
  const sets = TOOLSETS.map((toolset) =>
    [`## Toolset ${code(toolset)}`, ...toolsOf([toolset]).map((tool) => toolSection(toolListing(tool)))].join(
      '\n\n',
    ),
  );
  return page(
    'Tools',
    '`ORCHESTRATOR_TOOLSETS` chooses the sets. Failures are described under [errors](errors.md).',
    ...sets,
  );
}

function toolSection({ name, description, inputSchema, outputSchema, annotations }: ToolListing): string {
  const hints = Object.entries(annotations)
    .filter(([, value]) => value === true)
    .map(([hint]) => code(hint));
  const answer = Object.keys(propertiesOf(outputSchema)).map(code);
  return [
    `### ${name}`,
    description,
    argumentTable(inputSchema),
    `Answers with ${answer.join(', ')}.`,
    ...(hints.length > 0 ? [`Hints: ${hints.join(', ')}.`] : []),
  ].join('\n\n');
}

function argumentTable(schema: ToolListing['inputSchema']): string {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const rows = Object.entries(propertiesOf(schema)).map(([name, property]) => [
    code(name),
    typeOf(property),
    required.includes(name) ? 'yes' : '',
    meaningOf(property),
  ]);
  return rows.length === 0
    ? 'It takes no arguments.'
    : table(['argument', 'type', 'required', 'meaning'], rows);
}

function meaningOf({ description, default: fallback }: Schema): string {
  const told = typeof description === 'string' ? [description] : [];
  return [...told, ...(fallback === undefined ? [] : [`default ${code(String(fallback))}`])].join('; ');
}

type Schema = Readonly<Record<string, unknown>>;

function propertiesOf(schema: ToolListing['inputSchema']): Readonly<Record<string, Schema>> {
  return (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
}

function typeOf({ type, enum: values }: Schema): string {
  return Array.isArray(values)
    ? values.map((value) => code(String(value))).join(', ')
    : String(type ?? 'any');
}
