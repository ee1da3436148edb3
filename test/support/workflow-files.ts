/** A workflow's files: texts by path relative to its folder. */
export type WorkflowFiles = Readonly<Record<string, string>>;

export interface StepText {
  /** YAML, without its fences. */
  readonly frontMatter?: string;
  readonly guidance?: string;
  readonly instructions?: string;
  /** TypeScript, in the place of instructions. */
  readonly script?: string;
}

export interface WorkflowText {
  /** YAML of `index.md`, without its fences. */
  readonly frontMatter?: string;
  /** By canonical name, in order. */
  readonly steps: Readonly<Record<string, StepText>>;
}

/** The files of a workflow; what is left out is made up: each step leads to the next one by its guidance. */
export function workflowFiles({ frontMatter, steps }: WorkflowText): WorkflowFiles {
  const names = Object.keys(steps);
  const index = [
    '# A workflow of the tests',
    'It shows what the test is about.',
    '## Steps',
    names.map((name) => `1. [${name}](${fileOf(name)})`).join('\n'),
  ];
  const files = Object.entries(steps).map(([name, step], position) => [
    fileOf(name),
    withFrontMatter(step.frontMatter, [
      `# About ${name}`,
      '## Orchestrator Guidance',
      step.guidance ?? `Proceed to ${names[position + 1] ?? 'FINISH'}.`,
      ...(step.script === undefined
        ? ['## Client Instructions', step.instructions ?? `Do ${name}.`]
        : ['## Script', `\`\`\`ts\n${step.script}\n\`\`\``]),
    ]),
  ]);
  return { 'index.md': withFrontMatter(frontMatter, index), ...Object.fromEntries(files) };
}

/** Steps that lead from one to the next by declared transitions: nobody has to be asked. */
export function relayFiles(names: readonly string[]): WorkflowFiles {
  const steps = names.map((name, position) => [
    name,
    { frontMatter: `transitions:\n  - to: ${names[position + 1] ?? 'FINISH'}` },
  ]);
  return workflowFiles({ steps: Object.fromEntries(steps) });
}

/** A link in Markdown may not contain spaces. */
function fileOf(name: string): string {
  return `steps/${name.replaceAll(' ', '-').toLowerCase()}.md`;
}

function withFrontMatter(yaml: string | undefined, blocks: readonly string[]): string {
  const body = `${blocks.join('\n\n')}\n`;
  return yaml === undefined ? body : `---\n${yaml}\n---\n\n${body}`;
}
