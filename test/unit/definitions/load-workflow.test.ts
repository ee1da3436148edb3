import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createWorkflowLoader } from '../../../src/definitions/load-workflow.ts';
import { openRootFolders } from '../../../src/definitions/root-folders.ts';
import type { WorkflowReading } from '../../../src/definitions/workflow-files.ts';
import type { Definition, Step } from '../../../src/domain/definition.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/domain/limits.ts';
import { pinDefinition } from '../../../src/domain/pin-definition.ts';
import { folderOf, stepText, type WrittenFiles } from '../../support/written-files.ts';

async function read(files: WrittenFiles, limits: Limits = DEFAULT_LIMITS): Promise<WorkflowReading> {
  const root = folderOf(files);
  const load = createWorkflowLoader({ limits, nowMs: Date.now });
  return load({ name: 'WF', folder: join(root, 'WF'), roots: await openRootFolders([root]) });
}

async function definitionOf(files: WrittenFiles): Promise<Definition> {
  const { parsed, diagnostics } = await read(files);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (parsed === undefined) throw new Error('There is no definition.');
  return parsed.definition;
}

async function stepOf(text: string | Uint8Array): Promise<Step> {
  const definition = await definitionOf({ 'WF/index.md': '- [only](only.md)\n', 'WF/only.md': text });
  const [step] = definition.steps;
  if (step === undefined) throw new Error('There is no step.');
  return step;
}

const problemsOf = ({ diagnostics }: WorkflowReading) =>
  diagnostics.map(({ ruleId, file, place }) => `${file}:${place?.line ?? 0} ${ruleId}`);

describe('the step list', () => {
  const steps = (...names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [`WF/${name}`, stepText()]));

  test.each<[string, string, readonly string[]]>([
    ['bullets of every kind', '- [a](a.md)\n\n* [b](b.md)\n\n+ [c](c.md)\n', ['a', 'b', 'c']],
    ['numbers', '1. [a](a.md)\n2. [b](b.md)\n', ['a', 'b']],
    ['nested items', '- Part\n  - [a](a.md)\n    1. [b](b.md)\n- [c](c.md)\n', ['a', 'b', 'c']],
    ['items indented like code', '# Steps\n\n    - [a](a.md)\n    - [b](b.md)\n', ['a', 'b']],
    ['task list markers', '- [ ] [a](a.md)\n- [x] [b](b.md)\n', ['a', 'b']],
    ['text after the link', '- [a](a.md): the first\n- [b](b.md) — *the second*\n', ['a', 'b']],
    [
      'titles, anchors, queries',
      '- [a](a.md "Title")\n- [b](./b.md#part)\n- [c](c.md?raw)\n',
      ['a', 'b', 'c'],
    ],
    ['angle brackets and percent signs', '- [d](<d e.md>)\n- [e](d%20e.md)\n', ['d', 'e']],
    ['markup in the name', '- [**a** _b_ `c`\n  d &amp; e](a.md)\n', ['a b c d & e']],
    ['upper-case extension', '- [a](A.MD)\n', ['a']],
    ['CRLF', '# Steps\r\n\r\n- [a](a.md)\r\n- [b](b.md)\r\n', ['a', 'b']],
    [
      'no heading',
      'Text.\n\n- [a](a.md)\n- plain\n- [web](https://example.org/x.md)\n- [b](b.md)\n',
      ['a', 'b'],
    ],
    [
      'a heading',
      '- [c](c.md)\n\n## STEPS:\n\n- [a](a.md)\n\n### Later\n\n- [b](b.md)\n\n## Notes\n\n- [c](c.md)\n',
      ['a', 'b'],
    ],
    ['an underlined heading', 'Steps\n-----\n\n- [a](a.md)\n', ['a']],
    ['a heading with markup', '# **`Steps`** #\n\n- [a](a.md)\n', ['a']],
    [
      'other links',
      '- [a](a.md)\n- see [b](b.md)\n- [pdf](x.pdf)\n- [mail](mailto:x@y.md)\n- ![c](c.md)\n',
      ['a'],
    ],
    ['code and comments', '- [a](a.md)\n\n```\n- [b](b.md)\n```\n\n<!--\n- [c](c.md)\n-->\n', ['a']],
    ['one file for two steps', '- [a](a.md)\n- [again](a.md)\n', ['a', 'again']],
  ])('%s', async (_kind, index, names) => {
    const files = { 'WF/index.md': index, ...steps('a.md', 'A.MD', 'b.md', 'c.md', 'd e.md') };
    expect((await definitionOf(files)).steps.map((step) => step.name)).toEqual(names);
  });

  test.each([
    ['# Title\n\nText.\n\n## Steps\n\n- [a](a.md)\n', '# Title\n\nText.'],
    [
      'Text.\n\n- keep\n- [a](a.md) cut\n\n  all of it\n- keep too\n\nEnd.\n',
      'Text.\n\n- keep\n\n- keep too\n\nEnd.',
    ],
    ['## Steps\n\nIn this order:\n\n- [a](a.md)\n', '## Steps\n\nIn this order:'],
    ['## Steps\n- [a](a.md)\n## Notes\n  Two  spaces.  \n\tTab\n', '## Notes\n  Two  spaces.  \n\tTab'],
    ['A\r\n\r\n- [a](a.md)\r\n\r\nB\r\n', 'A\r\n\r\nB'],
    ['- Part\n  - [a](a.md)\n', '- Part'],
    ['\uFEFF---\nversion: 1.10\n---\nGoal.\n\n- [a](a.md)\n', 'Goal.'],
    ['- [a](a.md)\n', ''],
  ])('the goal is what remains: %j', async (index, goal) => {
    expect((await definitionOf({ 'WF/index.md': index, ...steps('a.md') })).goal).toBe(goal);
  });
});

describe('a step file', () => {
  test('gives its sections byte for byte', async () => {
    const body =
      '  indented\t \n\n* a\n\n\t    code  \n\n```js\n## Client Instructions\n```\n\n\\* &amp; ä \u2028 é 😀  ';
    const step = await stepOf(
      `# Title\n## Orchestrator Guidance\n\n${body}\n\n## Client Instructions\n${body}\n`,
    );
    expect(step.guidance).toBe(body);
    expect(step.instructions).toBe(body);
  });

  test('keeps CRLF, and does not mind a byte order mark', async () => {
    const text =
      '\uFEFF---\r\nmax_visits: 2\r\n---\r\n# T\r\n\r\nOrchestrator Guidance\r\n===\r\n\r\nA\r\nB\r\n\r\nClient Instructions\r\n===\r\nC\r\n\r\nD\r\n';
    const step = await stepOf(text);
    expect(step).toMatchObject({
      guidance: 'A\r\nB',
      instructions: 'C\r\n\r\nD',
      maxVisits: 2,
      heading: 'T',
    });
    const { sources } = await read({ 'WF/index.md': '- [a](a.md)', 'WF/a.md': text });
    expect(sources).toEqual([
      { path: 'index.md', text: '- [a](a.md)' },
      { path: 'a.md', text },
    ]);
  });

  test.each([
    ['###### ORCHESTRATOR GUIDANCE #', '####   client   instructions:'],
    ['Orchestrator Guidance\n---', 'Client Instructions\n==='],
    ['## `Orchestrator Guidance`', '## **Client** _Instructions_ :'],
    ['   # orchestrator guidance', '#\tClient Instructions'],
    ['## [Orchestrator Guidance](#x)', '## Client&nbsp;Instructions'],
  ])('finds the sections by the text of %j and %j', async (guidance, instructions) => {
    const step = await stepOf(`${guidance}\n\nG\n\n${instructions}\n\nI\n`);
    expect(step).toMatchObject({ guidance: 'G', instructions: 'I' });
  });

  test('a section ends at the next heading of the same or a higher level', async () => {
    const step = await stepOf(
      '# Orchestrator Guidance\nG\n## Sub\nS\n# Goal\n\nThe goal.\n\n## Client Instructions\nI\n### Sub\n# End\nE\n',
    );
    expect(step).toMatchObject({
      guidance: 'G\n## Sub\nS',
      instructions: 'I\n### Sub',
      goal: 'The goal.\n\n## Client Instructions\nI\n### Sub\n'.trim(),
    });
  });

  test('the last of several sections wins', async () => {
    const step = await stepOf(`${stepText({ instructions: 'old' })}# Client Instructions\nnew\n`);
    expect(step.instructions).toBe('new');
  });

  test('has a heading only where the first one is no section', async () => {
    expect((await stepOf(`# Ask the *user*\n${stepText()}`)).heading).toBe('Ask the user');
    expect(await stepOf(stepText())).not.toHaveProperty('heading');
  });

  test('a heading in a quote, a list, or a comment is part of the text', async () => {
    const quoted =
      '> ## Client Instructions\n\n- ## Client Instructions\n\n<!--\n## Client Instructions\n-->';
    const step = await stepOf(stepText({ guidance: quoted, instructions: 'real' }));
    expect(step).toMatchObject({ guidance: quoted, instructions: 'real' });
  });
});

describe('a script', () => {
  const scriptText = (section: string, transitions = 'transitions:\n  - to: FINISH') =>
    `---\n${transitions}\n---\n## Orchestrator Guidance\n\nProceed to FINISH.\n\n${section}`;

  test.each([
    ['ts', '## Script\n\n```ts\nreturn  1;\n\n  // \\* &amp; `x` ä\n```\n'],
    ['js between prose', '# script\nIt counts:\n\n```js\nreturn  1;\n\n  // \\* &amp; `x` ä\n```\n\nDone.\n'],
    [
      'TypeScript in a list',
      '# SCRIPT :\n- a\n\n  ````TypeScript x=1\n  return  1;\n\n    // \\* &amp; `x` ä\n  ````\n',
    ],
    [
      'javascript between tildes',
      'Script\n---\n~~~javascript\nreturn  1;\n\n  // \\* &amp; `x` ä\n~~~\n## Notes\n\n```sh\nls\n```\n',
    ],
  ])('is the content of its block, and stands in the place of instructions: %s', async (_how, section) => {
    expect(await stepOf(scriptText(section))).toEqual({
      name: 'only',
      fileStem: 'only',
      guidance: 'Proceed to FINISH.',
      instructions: '',
      script: 'return  1;\n\n  // \\* &amp; `x` ä',
      transitions: [{ to: 'FINISH' }],
    });
  });

  test('may include another file, and is part of what is pinned', async () => {
    const files = (code: string) => ({
      'WF/index.md': '- [a](a.md)',
      'WF/a.md': scriptText('## Script\n\n```ts\n{{file:count.ts}}\n```\n'),
      'WF/count.ts': code,
    });
    const [one, other] = [await definitionOf(files('return 1;')), await definitionOf(files('return 2;'))];
    expect([one, other].map(({ steps }) => steps[0]?.script)).toEqual(['return 1;', 'return 2;']);
    expect(pinDefinition(one).hash).not.toBe(pinDefinition(other).hash);
  });

  test('may have 256 KiB', async () => {
    const half = 'x'.repeat(128 * 1024);
    const files = (rest: string) => ({
      'WF/index.md': '- [a](a.md)',
      'WF/a.md': scriptText(`## Script\n\n\`\`\`ts\n{{file:half.ts}}{{file:half.ts}}${rest}\n\`\`\`\n`),
      'WF/half.ts': half,
    });
    expect(problemsOf(await read(files('')))).toEqual([]);
    expect(problemsOf(await read(files('x')))).toEqual(['WF/a.md:11 script-too-large']);
  });

  test('whose front matter is broken is not blamed for what that does not say', async () => {
    const text = scriptText('## Script\n\n```ts\nreturn 1;\n```\n', 'transition:\n  - to: FINISH');
    const reading = await read({ 'WF/index.md': '- [a](a.md)', 'WF/a.md': text });
    expect(problemsOf(reading)).toEqual(['WF/a.md:2 front-matter-key']);
  });

  test('beside instructions is a section like any other, and so is one that is no TypeScript', async () => {
    const plain = await stepOf(stepText());
    for (const language of ['ts', 'sh']) {
      const text = `# Script\n\n${stepText()}\n## Script\n\n\`\`\`${language}\nls\n\`\`\`\n`;
      expect(await stepOf(text)).toEqual({ ...plain, heading: 'Script' });
    }
  });
});

describe('front matter', () => {
  test('is read into the definition', async () => {
    const definition = await definitionOf({
      'WF/index.md':
        '---\ndescription: >\n  Two\n  lines\nversion: 1.10\ntags: [a, b]\ninputs:\n  properties: { theme: { type: string } }\n---\n- [Ask Theme](ask.md)\n- [tell](tell.md)\n',
      'WF/ask.md': `---\ntransitions:\n  - { to: TELL, when: 'report.status == "success"' }\n  - to: ask-theme\nreport_schema: { type: object }\nmax_visits: 3\n---\n${stepText()}`,
      'WF/tell.md': `---\n# nothing yet\n---\n${stepText()}`,
    });
    expect(definition).toMatchObject({
      name: 'WF',
      description: 'Two lines',
      version: '1.10',
      tags: ['a', 'b'],
      inputs: { properties: { theme: { type: 'string' } } },
    });
    expect(definition.steps[0]).toMatchObject({
      name: 'Ask Theme',
      fileStem: 'ask',
      transitions: [{ to: 'tell', when: 'report.status == "success"' }, { to: 'Ask Theme' }],
      reportSchema: { type: 'object' },
      maxVisits: 3,
    });
    expect(definition.steps[1]).toEqual({
      name: 'tell',
      fileStem: 'tell',
      guidance: 'Proceed to `FINISH`.',
      instructions: 'Do it.',
    });
  });

  test('is only what is closed and starts with a key', async () => {
    for (const start of [
      '---\n\nA thematic break.\n\n---\n',
      '---\nversion: 1\n',
      '---\n- a list\n---\n',
      '---\nNo key at all\n---\n',
    ])
      expect(await stepOf(`${start}${stepText()}`)).not.toHaveProperty('maxVisits');
  });

  test.each([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from(
        { length: 9 },
        (_, i) =>
          `b${i}: &b${i} [${Array(9)
            .fill(i === 0 ? '*a' : `*b${i - 1}`)
            .join(',')}]`,
      ).join('\n')}`,
    ],
    ['deep lists', `a: ${'['.repeat(5_000)}`],
    ['deep dashes', `a:\n${'- '.repeat(5_000)}`],
    ['explicit keys', `a:\n  ${'? '.repeat(5_000)}`],
    ['too much', `a: ${'b'.repeat(40_000)}`],
    ['an open quote', 'a: "b'],
    ['tabs', 'a:\n\tb: 1'],
    ['an unknown tag', 'max_visits: !!js/function 1'],
    ['infinity', 'report_schema: { maximum: .inf }'],
  ])('refuses %s', async (_kind, yaml) => {
    const reading = await read({
      'WF/index.md': '- [a](a.md)',
      'WF/a.md': `---\n${yaml}\n---\n${stepText()}`,
    });
    expect(reading.parsed).toBeUndefined();
    for (const problem of problemsOf(reading)) expect(problem).toMatch(/^WF\/a\.md:\d+ front-matter-/);
  });

  test('a key named __proto__ changes nothing', async () => {
    const reading = await read({
      'WF/index.md': '- [a](a.md)',
      'WF/a.md': `---\n__proto__: { max_visits: 3 }\n---\n${stepText()}`,
    });
    expect(problemsOf(reading)).toEqual(['WF/a.md:2 front-matter-key']);
  });
});

describe('includes', () => {
  test('are put in before the sections are looked for, and know where they are from', async () => {
    const reading = await read({
      'WF/index.md': 'Goal {{file:parts/goal.txt}}\n\n{{file:parts/steps.md}}\n',
      'WF/parts/goal.txt': 'text',
      'WF/parts/steps.md': '- [a](../a.md)\n- [gone](gone.md)\n',
      'WF/a.md': '{{ file: ../shared/sections.md }}',
      'shared/sections.md':
        '\uFEFF## Orchestrator Guidance\r\n\r\nG {{file:deep/one.md}}\r\n\r\n## Client Instructions\n\n```\n{{file:deep/one.md}}```\n',
      'shared/deep/one.md': 'one {{file:two.md}}!\n',
      'shared/deep/two.md': 'two',
    });
    expect(problemsOf(reading)).toEqual(['WF/parts/steps.md:2 step-missing']);
  });

  test('may bring whole sections, byte for byte', async () => {
    const definition = await definitionOf({
      'WF/index.md': 'Goal {{file:parts/goal.txt}}\n\n{{file:parts/steps.md}}\n',
      'WF/parts/goal.txt': 'text',
      'WF/parts/steps.md': '- [a](../a.md)\n',
      'WF/a.md': '{{ file: ../shared/sections.md }}',
      'shared/sections.md':
        '\uFEFF## Orchestrator Guidance\r\n\r\nG {{file:deep/one.md}}\r\n\r\n## Client Instructions\n\n```\n{{file:deep/one.md}}```\n\\{{file:x.md}}',
      'shared/deep/one.md': 'one {{file:two.md}}!\n',
      'shared/deep/two.md': 'two',
    });
    expect(definition.goal).toBe('Goal text');
    expect(definition.steps).toEqual([
      { name: 'a', fileStem: 'a', guidance: 'G one two!', instructions: '```\none two!\n```\n{{file:x.md}}' },
    ]);
  });

  test('may be nested 10 deep', async () => {
    const chain = (length: number): WrittenFiles => ({
      'WF/index.md': '- [a](a.md)',
      'WF/a.md': stepText({ instructions: '{{file:1.md}}' }),
      ...Object.fromEntries(
        Array.from({ length }, (_, i) => [
          `WF/${i + 1}.md`,
          i + 1 === length ? 'end' : `{{file:${i + 2}.md}}`,
        ]),
      ),
    });
    expect((await definitionOf(chain(10))).steps[0]?.instructions).toBe('end');
    expect(problemsOf(await read(chain(11)))).toContain('WF/10.md:1 include-depth');
  });

  test.each<[string, WrittenFiles]>([
    [
      'by bytes',
      { 'WF/x.md': 'x'.repeat(200_000), 'WF/a.md': stepText({ instructions: '{{file:x.md}}\n'.repeat(30) }) },
    ],
    [
      'by number',
      {
        'WF/x.md': '{{file:y.md}}'.repeat(1_000),
        'WF/y.md': '',
        'WF/a.md': stepText({ instructions: '{{file:x.md}}'.repeat(1_000) }),
      },
    ],
    [
      'by levels',
      Object.fromEntries([
        ...Array.from({ length: 9 }, (_, i) => [`WF/${i}.md`, `{{file:${i + 1}.md}}`.repeat(9)] as const),
        ['WF/9.md', 'x'],
        ['WF/a.md', stepText({ instructions: '{{file:0.md}}' })],
      ]),
    ],
  ])('that fan out are stopped: %s', async (_kind, files) => {
    const reading = await read({ 'WF/index.md': '- [a](a.md)\n- [b](a.md)\n', ...files });
    expect(reading.parsed).toBeUndefined();
    expect(reading.diagnostics.filter(({ ruleId }) => ruleId === 'definition-too-large')).toHaveLength(1);
  });
});

describe('limits', () => {
  test('a file may be as large as the limit, and no larger', async () => {
    const limits = { ...DEFAULT_LIMITS, definitionFileBytesMax: 1_000 };
    const text = (length: number) => stepText() + 'x'.repeat(length - stepText().length);
    const files = (length: number) => ({ 'WF/index.md': '- [a](a.md)', 'WF/a.md': text(length) });
    expect(problemsOf(await read(files(1_000), limits))).toEqual([]);
    expect(problemsOf(await read(files(1_001), limits))).toEqual(['WF/index.md:1 file-too-large']);
  });

  test('a definition may have 500 steps', async () => {
    const index = (count: number) => Array.from({ length: count }, (_, i) => `- [s${i}](a.md)`).join('\n');
    expect(problemsOf(await read({ 'WF/index.md': index(500), 'WF/a.md': stepText() }))).toEqual([]);
    expect(problemsOf(await read({ 'WF/index.md': index(501), 'WF/a.md': stepText() }))).toEqual([
      'WF/index.md:1 definition-too-large',
    ]);
  });

  test('lists at most 100 problems, errors first', async () => {
    const index = Array.from({ length: 500 }, (_, i) => `- [s${i}](gone${i}.md)`).join('\n');
    expect((await read({ 'WF/index.md': `# Steps\n- x [y](z.md)\n${index}` })).diagnostics).toHaveLength(100);
  });

  test.each([
    ['not UTF-8', Buffer.from([0x23, 0x20, 0xff, 0xfe])],
    ['NUL', '# a\0b'],
  ])('a file with %s is refused', async (_kind, content) => {
    expect(problemsOf(await read({ 'WF/index.md': '- [a](a.md)', 'WF/a.md': content }))).toEqual([
      'WF/index.md:1 file-not-text',
    ]);
    expect(problemsOf(await read({ 'WF/index.md': content }))).toEqual(['WF/index.md:0 file-not-text']);
  });
});
