import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Definition, Step } from '../../../src/domain/definition.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { AGENT_STATES } from '../../../src/domain/session.ts';

const ROOT = fileURLToPath(new URL('../../../workflows', import.meta.url));

export interface ShippedWorkflow {
  readonly definition: Definition;
  /** All of its text, includes expanded: what a prompt without thrift would send. */
  readonly source: string;
}

/**
 * The workflows that ship, read just well enough for measuring: front matter is left out. Without AGENT_STATES, about
 * which no model is asked.
 */
export function shippedWorkflows(): readonly ShippedWorkflow[] {
  return readdirSync(ROOT)
    .filter((name) => /^[A-Z]/.test(name) && name !== AGENT_STATES)
    .map(readWorkflow);
}

function readWorkflow(name: string): ShippedWorkflow {
  const index = readExpanded(join(ROOT, name, 'index.md'));
  const links = [...index.matchAll(/^\s*\d+\.\s+\[([^\]]+)\]\(([^)]+)\)/gm)];
  const files = links.map(([, stepName = '', path = '']) => ({
    stepName,
    path,
    text: readExpanded(join(ROOT, name, path)),
  }));
  return {
    definition: {
      name,
      goal: index.replace(/^---\n[\s\S]*?\n---\n/, '').replace(/^## Steps[\s\S]*/m, ''),
      steps: files.map(({ stepName, path, text }) => readStep(stepName, path, text)),
    },
    source: [index, ...files.map(({ text }) => text)].join('\n'),
  };
}

function readStep(name: string, path: string, text: string): Step {
  const section = (title: string) =>
    new RegExp(`^## ${title}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(text)?.[1] ?? '';
  return {
    name,
    fileStem: basename(path, '.md'),
    goal: section('Goal').trim(),
    guidance: section('Orchestrator Guidance'),
    instructions: section('Client Instructions'),
  };
}

function readExpanded(path: string): string {
  return readFileSync(path, 'utf8').replace(/\{\{file:([^}]+)\}\}/g, (_, relative: string) =>
    readExpanded(join(dirname(path), relative)),
  );
}

/** What a client sends with `advance_workflow`. */
export interface ExampleCall {
  readonly report: JsonObject & { readonly status: string };
  readonly context_updates?: JsonObject;
}

/** The example of a call in a step's instructions, else the least that a client can say. */
export function exampleCall(step: Step): ExampleCall {
  const examples = [...step.instructions.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const example = examples.find((text) => text.includes('"report"') && !text.includes('{{'));
  return example === undefined ? { report: { status: 'success', step_id: step.name } } : JSON.parse(example);
}
