import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { listPage } from './page.ts';
import type { McpServerDeps } from './server.ts';

/** Every usable workflow is a prompt, which clients show as a slash command; its arguments are the workflow's inputs. */
export function servePrompts(server: Server, deps: McpServerDeps): void {
  server.setRequestHandler('prompts/list', async ({ params }) => {
    const { workflows, next_cursor } = await listPage(deps, params?.cursor);
    return {
      prompts: workflows
        .filter(({ usable }) => usable)
        .map(({ name, description, inputs }) => ({ name, description, arguments: promptArguments(inputs) })),
      nextCursor: next_cursor,
    };
  });

  server.setRequestHandler('prompts/get', async ({ params }) => {
    const workflow = await deps.engine.findWorkflow(params.name);
    if (workflow === undefined || !workflow.usable) {
      const why =
        workflow === undefined
          ? 'There is no such workflow'
          : 'The workflow has errors, and cannot be started';
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${why}: ${params.name}`);
    }
    const { name, description, inputs } = workflow.pinned.definition;
    const context = startContext(name, inputs, params.arguments ?? {});
    return {
      description,
      messages: [
        { role: 'user' as const, content: { type: 'text' as const, text: startMessage(name, context) } },
      ],
    };
  });
}

function startMessage(name: string, context: JsonObject): string {
  const call = JSON.stringify({ workflow_name: name, ...(Object.keys(context).length > 0 && { context }) });
  return (
    `Run the workflow ${name}: call start_workflow with ${call}, carry out the instructions that it answers with, report ` +
    'with advance_workflow, and go on so until its status is COMPLETED. If an input that you need is missing, ask me first.'
  );
}

function promptArguments(inputs: JsonObject | undefined) {
  const required = Array.isArray(inputs?.required) ? inputs.required : [];
  return Object.entries(inputProperties(inputs)).map(([name, schema]) => ({
    name,
    description:
      isJsonObject(schema) && typeof schema.description === 'string' ? schema.description : undefined,
    required: required.includes(name),
  }));
}

/** The properties of a workflow's inputs, which are what its prompt's arguments are. */
export function inputProperties(inputs: JsonObject | undefined): JsonObject {
  return isJsonObject(inputs?.properties) ? inputs.properties : {};
}

/** Prompt arguments are always text: those that the inputs want as something else are read as JSON. */
function startContext(
  workflow: string,
  inputs: JsonObject | undefined,
  args: Readonly<Record<string, string>>,
): JsonObject {
  const properties = inputProperties(inputs);
  const missing = promptArguments(inputs).filter(
    ({ name, required }) => required && args[name] === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `The prompt ${workflow} needs the argument ${names}.`,
    );
  }
  return Object.fromEntries(
    Object.entries(args)
      .filter(([, text]) => text !== '')
      .map(([name, text]) => [name, readArgument(name, properties[name], text)]),
  );
}

function readArgument(name: string, schema: JsonValue | undefined, text: string): JsonValue {
  const type = isJsonObject(schema) ? schema.type : undefined;
  if (type === undefined || type === 'string' || (Array.isArray(type) && type.includes('string')))
    return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `The argument ${name} has to be JSON of type ${JSON.stringify(type)}.`,
    );
  }
}
