import type { Server } from '@modelcontextprotocol/server';
import { isJsonObject } from '../domain/json.ts';
import { inputProperties } from './prompts.ts';
import { DEFINITION_TEMPLATE, INSTANCE_TEMPLATE } from './resources.ts';
import type { McpServerDeps } from './server.ts';
import { protocolError } from './wire-errors.ts';

/** As many values as the protocol lets one completion carry. */
const VALUES_MAX = 100;

/** Completes workflow names and instance ids in resource addresses, and enumerated inputs in prompts. */
export function serveCompletions(server: Server, deps: McpServerDeps): void {
  server.setRequestHandler('completion/complete', async ({ params: { ref, argument } }) => {
    try {
      const all =
        ref.type === 'ref/prompt'
          ? await inputValues(deps, ref.name, argument.name)
          : await addressValues(deps, ref.uri, argument.value);
      const matching = all.filter((value) => value.toLowerCase().startsWith(argument.value.toLowerCase()));
      const values = matching.slice(0, VALUES_MAX);
      return { completion: { values, total: matching.length, hasMore: matching.length > values.length } };
    } catch (error) {
      throw protocolError(error, deps.logger);
    }
  });
}

async function addressValues(
  { engine }: McpServerDeps,
  template: string,
  typed: string,
): Promise<readonly string[]> {
  if (template.startsWith(DEFINITION_TEMPLATE)) return engine.workflowNames();
  // One more than can be shown, so that the client hears that there are more.
  if (template.startsWith(INSTANCE_TEMPLATE)) return engine.completeInstanceId(typed, VALUES_MAX + 1);
  return [];
}

async function inputValues(
  { engine }: McpServerDeps,
  workflow: string,
  argument: string,
): Promise<readonly string[]> {
  const loaded = await engine.findWorkflow(workflow);
  const schema = loaded?.usable ? inputProperties(loaded.pinned.definition.inputs)[argument] : undefined;
  if (!isJsonObject(schema)) return [];
  const values = [schema.enum, schema.examples].find(Array.isArray) ?? [];
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}
