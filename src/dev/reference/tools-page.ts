import { TOOLSETS, type Toolset } from '../../domain/toolset.ts';
import type { Tool } from '../../mcp/tool.ts';
import { type ToolListing, toolListing } from '../../mcp/tool-listing.ts';
import { loadTools } from '../../mcp/toolsets.ts';
import { code, page, table } from './markdown.ts';

export async function toolsPage(): Promise<string> {
  const sets = await Promise.all(TOOLSETS.map(toolsetSection));
  return page(
    'Tools',
    '`ORCHESTRATOR_TOOLSETS` chooses the sets. Failures are described under [errors](errors.md).',
    ...sets,
  );
}

async function toolsetSection(toolset: Toolset): Promise<string> {
  const sections = (await loadTools([toolset])).map(toolSection);
  return [`## Toolset ${code(toolset)}`, ...sections].join('\n\n');
}

function toolSection(tool: Tool): string {
  const listing = toolListing(tool, { hasServers: false });
  const { name, description, inputSchema, outputSchema } = listing;
  const hints = hintsOf(listing);
  const moreHints = hintsOf(toolListing(tool, { hasServers: true })).filter((hint) => !hints.includes(hint));
  const more = moreHints.length > 0 ? [`With downstream servers also ${moreHints.join(', ')}.`] : [];
  const answer = Object.keys(propertiesOf(outputSchema)).map(code);
  return [
    `### ${name}`,
    description,
    argumentTable(inputSchema),
    `Answers with ${answer.join(', ')}.`,
    ...(hints.length > 0 ? [[`Hints: ${hints.join(', ')}.`, ...more].join(' ')] : []),
  ].join('\n\n');
}

function hintsOf({ annotations }: ToolListing): readonly string[] {
  return Object.entries(annotations)
    .filter(([, value]) => value === true)
    .map(([hint]) => code(hint));
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
