import * as z from 'zod';
import type { Tool } from './tool.ts';

/** A tool as `tools/list` shows it. */
export interface ToolListing {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: Tool['annotations'];
}

interface ObjectSchema {
  readonly type: 'object';
  readonly [keyword: string]: unknown;
}

/** What holds for the tools of servers that nobody here knows. */
const ANYTHING = { destructiveHint: true, openWorldHint: true } as const;

/** What every failure carries; see `wire-errors.ts`. */
const ERROR_KEYS = ['error_code', 'message', 'retryable'] as const;

export interface ToolListingParams {
  /** Whether there may be downstream servers. */
  readonly hasServers: boolean;
}

export function toolListing(tool: Tool, { hasServers }: ToolListingParams): ToolListing {
  const { name, description } = tool;
  return {
    name,
    description,
    inputSchema: jsonSchema(tool.input, 'input'),
    outputSchema: outputSchema(tool),
    annotations: hasServers && tool.runsScripts ? { ...tool.annotations, ...ANYTHING } : tool.annotations,
  };
}

/**
 * Clients of the 2025 SDK check the structured content of failures against this schema too, so that it has to
 * admit them.
 */
function outputSchema(tool: Tool): ObjectSchema {
  const { required, ...schema } = jsonSchema(tool.output, 'output');
  return { ...schema, anyOf: [{ required }, { required: ERROR_KEYS }] };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: compact,
  });
  return { ...rest, type: 'object' };
}

/** Bounds that no model needs to be told of, since it reads every byte: they are checked all the same. */
const UNTOLD = ['minimum', 'maximum', 'minLength', 'maxLength', 'additionalProperties'] as const;

function compact({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  for (const keyword of UNTOLD) delete jsonSchema[keyword];
}
