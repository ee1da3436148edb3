import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { AGENT_STATES } from '../domain/session.ts';
import type { Engine } from '../engine/engine.ts';
import type { PromptArgument, PromptProvider } from './prompt-provider.ts';
import type { ToolDeps } from './tool.ts';

/** Every usable workflow is a prompt; its arguments are the workflow's inputs. */
export function createWorkflowPrompts({ engine }: ToolDeps): PromptProvider {
  return {
    async list(cursor) {
      const { workflows, next_cursor } = await engine.listWorkflows({ cursor });
      return {
        prompts: workflows
          .filter(({ usable }) => usable)
          .map(({ name, description, inputs }) => ({
            name,
            description,
            arguments: promptArguments(inputs),
          })),
        nextCursor: next_cursor,
      };
    },

    async get(name, args) {
      const workflow = await findStartable(engine, name);
      if (workflow === undefined) return undefined;
      if (!workflow.usable) {
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `The workflow has errors, and cannot be started: ${name}`,
        );
      }
      const { description, inputs } = workflow.pinned.definition;
      return { description, text: startMessage(name, startContext(name, inputs, args)) };
    },

    async complete(name, argument) {
      const workflow = await findStartable(engine, name);
      if (workflow === undefined) return undefined;
      const schema = workflow.usable
        ? inputProperties(workflow.pinned.definition.inputs)[argument]
        : undefined;
      if (!isJsonObject(schema)) return [];
      const values = [schema.enum, schema.examples].find(Array.isArray) ?? [];
      return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
    },
  };
}

/** The states of agents are found by their name like a workflow, but nobody starts them. */
async function findStartable(engine: Engine, name: string) {
  return name === AGENT_STATES ? undefined : engine.findWorkflow(name);
}

function startMessage(name: string, context: JsonObject): string {
  const call = JSON.stringify({ workflow_name: name, ...(Object.keys(context).length > 0 && { context }) });
  return (
    `Run the workflow ${name}: call start_workflow with ${call}, carry out the instructions that it answers with, report ` +
    'with advance_workflow, and go on so until its status is COMPLETED. If an input that you need is missing, ask me first.'
  );
}

function promptArguments(inputs: JsonObject | undefined): readonly PromptArgument[] {
  const required = Array.isArray(inputs?.required) ? inputs.required : [];
  return Object.entries(inputProperties(inputs)).map(([name, schema]) => ({
    name,
    description:
      isJsonObject(schema) && typeof schema.description === 'string' ? schema.description : undefined,
    required: required.includes(name),
  }));
}

/** The properties of a workflow's inputs, which are what its prompt's arguments are. */
function inputProperties(inputs: JsonObject | undefined): JsonObject {
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
