import { z } from 'zod';
import type { JsonObject } from '../domain/json.ts';
import type { FrontMatterFormat } from './front-matter.ts';

export interface IndexFrontMatter {
  readonly description?: string | undefined;
  readonly version?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly inputs?: JsonObject | undefined;
}

export interface StepFrontMatter {
  readonly transitions?: readonly WrittenTransition[] | undefined;
  readonly report_schema?: JsonObject | undefined;
  readonly max_visits?: number | undefined;
}

/** A transition as the author wrote it: `to` may still be any spelling of the step's name. */
export interface WrittenTransition {
  readonly to: string;
  readonly when?: string | undefined;
}

const jsonObject = z.record(z.string(), z.json());
/** `when: true` is a YAML boolean, and means the expression `true`. */
const expression = z.union([z.string().trim().min(1), z.boolean().transform(String)]);

const transition = z.strictObject({ to: z.string().trim().min(1), when: expression.optional() });

const index = z.strictObject({
  description: z.string().trim().optional(),
  version: z.string().optional(),
  tags: z.array(z.string()).optional(),
  inputs: jsonObject.optional(),
});

const step = z.strictObject({
  transitions: z.array(transition).min(1).optional(),
  report_schema: jsonObject.optional(),
  max_visits: z.int().min(1).optional(),
});

export const indexFormat: FrontMatterFormat<IndexFrontMatter> = {
  schema: index,
  keys: { '': Object.keys(index.shape) },
};

export const stepFormat: FrontMatterFormat<StepFrontMatter> = {
  schema: step,
  keys: { '': Object.keys(step.shape), 'transitions[]': Object.keys(transition.shape) },
};
