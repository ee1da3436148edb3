import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface WorkflowFiles {
  readonly name: string;
  readonly goal: string;
  readonly steps: readonly StepFile[];
}

export interface StepFile {
  readonly name: string;
  readonly guidance: string;
  readonly instructions: string;
  /** Declares that this step always leads there. */
  readonly alwaysTo?: string;
}

/** Writes a workflow as an author would; returns its folder. */
export async function writeWorkflow(root: string, { name, goal, steps }: WorkflowFiles): Promise<string> {
  const folder = join(root, name);
  await mkdir(join(folder, 'steps'), { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'index.md'), indexText(goal, steps)),
    ...steps.map((step) => writeFile(join(folder, 'steps', `${step.name}.md`), stepText(step))),
  ]);
  return folder;
}

export function indexText(goal: string, steps: readonly Pick<StepFile, 'name'>[]): string {
  return `${goal}\n\n## Steps\n\n${steps.map(({ name }) => `1. [${name}](steps/${name}.md)`).join('\n')}\n`;
}

function stepText({ name, guidance, instructions, alwaysTo }: StepFile): string {
  const frontMatter = alwaysTo === undefined ? '' : `---\ntransitions:\n  - to: ${alwaysTo}\n---\n\n`;
  return `${frontMatter}# ${name}\n\n## Orchestrator Guidance\n\n${guidance}\n\n## Client Instructions\n\n${instructions}\n`;
}
