import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDefinitions } from '../../src/definitions/create-definitions.ts';
import type { LoadedWorkflow } from '../../src/definitions/definitions.ts';
import { RULES } from '../../src/definitions/rules/rules.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { Mutant } from '../support/mutants.ts';
import { stepText, type WrittenFiles, writeFiles } from '../support/written-files.ts';
import { plantedEngineRoom, startCampaign } from './subject.ts';

// A3: whatever a workflow's files hold, they are read or refused with places and rules, and soon.

const campaign = startCampaign('A3 documents');

/** Generous, for machines that do other things as well; what is measured is printed. */
const LOAD_MS_MAX = 10_000;
const LIMIT = DEFAULT_LIMITS.definitionFileBytesMax;
const RULE_IDS = new Set(RULES.map(({ ruleId }) => ruleId));

const MUTANTS: readonly Mutant[] = [
  {
    name: 'no bound on what parsing costs',
    patches: [
      {
        file: 'definitions/markdown.ts',
        replace: 'if (work > PARSE_WORK_MAX || nesting > NESTING_MAX) return undefined;',
        by: 'if (work + nesting < 0) return undefined;',
      },
    ],
  },
  {
    name: 'no bound on includes',
    patches: [{ file: 'definitions/includes.ts', replace: 'budget.includesLeft -= 1;', by: '' }],
  },
  {
    name: 'circles of includes are not seen',
    patches: [
      {
        file: 'definitions/includes.ts',
        replace: 'if (lineage.some((parent) => parent.realPath === outcome.file.realPath))',
        by: 'if (lineage.length < 0)',
      },
    ],
  },
  {
    name: 'errors do not make a workflow unusable, and are not told',
    patches: [{ file: 'definitions/includes.ts', replace: 'diagnostics.push({', by: 'void ({' }],
  },
];

describe('A3: hostile documents', () => {
  test('generated: read, or refused by a rule at a place', async () => {
    const found = await load(generated(campaign.times(600, 10_000)));
    campaign.report({ generated: true, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    // Both prove that the documents were neither all nonsense nor all harmless.
    expect(found.usable).toBeGreaterThan(0);
    expect(found.refused).toBeGreaterThan(0);
  });

  test('known to be slow, up to the limit of a file', async () => {
    const found = await load([...slow(LIMIT - 200), ...slow(20_000), ...knots()]);
    campaign.report({ known: true, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
  });

  test.each(MUTANTS)('caught: $name', async (mutant) => {
    const room = await plantedEngineRoom(mutant);
    // Small ones, so that a defect shows in its answer before it shows in time.
    const found = await load([...knots(), ...slow(6_000)], room.createDefinitions);
    expect(found.violations).not.toEqual([]);
  });
});

interface Case {
  readonly what: string;
  readonly files: WrittenFiles;
  /** A rule that has to be broken; `usable`: none may be. */
  readonly expected?: string;
}

const WORKFLOWS_PER_FOLDER = 200;

async function load(cases: readonly Case[], create: typeof createDefinitions = createDefinitions) {
  const violations: string[] = [];
  let usable = 0;
  let refused = 0;
  let slowest = { ms: 0, what: '' };
  for (let from = 0; from < cases.length; from += WORKFLOWS_PER_FOLDER) {
    const batch = cases.slice(from, from + WORKFLOWS_PER_FOLDER);
    const root = mkdtempSync(join(tmpdir(), 'orchestrator-documents-'));
    for (const [position, { files }] of batch.entries())
      for (const [path, text] of Object.entries(files))
        writeFiles(join(root, `W${position}`), { [path]: text });
    const definitions = create({ roots: [root], limits: DEFAULT_LIMITS, logger: silentLogger });
    for (const [position, { what, files, expected }] of batch.entries()) {
      const startedMs = performance.now();
      const loaded = await definitions.find(`W${position}`).catch((error: unknown) => {
        violations.push(`${what}: threw ${String(error).slice(0, 200)}`);
      });
      const ms = Math.round(performance.now() - startedMs);
      if (ms > slowest.ms) slowest = { ms, what };
      if (ms > LOAD_MS_MAX) violations.push(`${what}: took ${ms} ms`);
      if (loaded === undefined) continue;
      if (loaded.usable) usable += 1;
      else refused += 1;
      violations.push(...problemsOf(loaded, files).map((problem) => `${what}: ${problem}`));
      const rules = loaded.diagnostics.map(({ ruleId }) => ruleId);
      if (expected === 'usable' ? !loaded.usable : expected !== undefined && !rules.includes(expected))
        violations.push(`${what}: expected ${expected}, got ${rules.slice(0, 5).join(', ') || 'nothing'}`);
    }
    await definitions.close();
    rmSync(root, { recursive: true });
  }
  return {
    documents: cases.length,
    usable,
    refused,
    slowestMs: slowest.ms,
    slowest: slowest.what,
    violations,
  };
}

/** What is wrong with a reading, as such. */
function problemsOf(loaded: LoadedWorkflow, files: WrittenFiles): readonly string[] {
  const problems: string[] = [];
  const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
  if (loaded.usable === errors.length > 0)
    problems.push(`usable: ${loaded.usable}, with ${errors.length} errors`);
  for (const { ruleId, file, place, message } of loaded.diagnostics) {
    if (!RULE_IDS.has(ruleId)) problems.push(`there is no rule ${ruleId}`);
    if (message === '') problems.push(`${ruleId} says nothing`);
    const text = files[file.slice(loaded.name.length + 1)];
    if (place === undefined || typeof text !== 'string') continue;
    const lines = text.split(/\r\n|\r|\n/).length;
    if (place.line < 1 || place.line > lines || place.column < 1)
      problems.push(`${ruleId} is at ${place.line}:${place.column} of a file with ${lines} lines`);
  }
  if (loaded.usable) {
    const bytes = Buffer.byteLength(JSON.stringify(loaded.pinned.definition));
    // JSON escapes make up to six bytes of one.
    if (bytes > DEFAULT_LIMITS.definitionBytesMax * 6) problems.push(`${bytes} bytes are pinned`);
  }
  return problems;
}

const PIECES = [
  '# Steps\n',
  '## steps\n',
  '- [a](a.md)\n',
  '1. [b](b.md)\n',
  '* [c](missing.md)\n',
  '  - [d](a.md)\n',
  '- [a](b.md)\n',
  '---\n',
  'transitions:\n  - to: b\n',
  '  - to: a\n    when: \'report.status == "x"\'\n',
  'max_visits: 1\n',
  'inputs: {}\n',
  'report_schema: {type: object}\n',
  '&a [*a]\n',
  '!!js/function x\n',
  '## Orchestrator Guidance\n',
  '## Client Instructions\n',
  'Do it.\n',
  'Proceed to `FINISH`.\n',
  '{{file:a.md}}',
  '{{file:b.md}}',
  '{{file:c.md}}',
  '{{file:../x.md}}',
  '\\{{file:a.md}}',
  '{{ context.a }}',
  '```\n',
  '~~~\n',
  '> ',
  '>>>> ',
  '*',
  '_',
  '`',
  '[',
  ']',
  '(',
  ')',
  '![',
  '<!--',
  '-->',
  '<a ',
  '&amp;',
  '\\',
  '\n',
  '\n\n',
  '\r\n',
  '\r',
  '\t',
  '    ',
  '===\n',
  '\uFEFF',
  '\u2028',
  '😀',
  'e\u0301',
  '[x]: y\n',
  '|a|b|\n',
  '$x$',
  'FINISH',
  '__proto__',
  'constructor',
] as const;

function generated(count: number): readonly Case[] {
  const document = fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...PIECES) },
        fc.string({ unit: 'binary', maxLength: 5 }),
      ),
      {
        maxLength: 40,
      },
    )
    .map((pieces) => pieces.join(''));
  const step = fc.oneof(
    document,
    document.map((text) => stepText({ instructions: `Do it. ${text}` })),
    fc.constant(stepText()),
  );
  const index = fc.oneof(
    document,
    document.map((text) => `# Goal\n\n${text}\n\n# Steps\n\n- [a](a.md)\n- [b](b.md)\n`),
    fc.constant('# Steps\n\n- [a](a.md)\n- [b](b.md)\n'),
  );
  const samples = fc.sample(fc.tuple(index, step, step, document), { numRuns: count, seed: campaign.seed });
  return samples.map(([indexText, a, b, c], position) => ({
    what: `document ${position} of SEED=${campaign.seed}`,
    files: { 'index.md': indexText, 'a.md': a, 'b.md': b, 'c.md': c },
  }));
}

/** Shapes that parsers take long for, or fall over, in the place of a step and of an index. */
function slow(bytes: number): readonly Case[] {
  const filled = (shape: string) => shape.repeat(Math.ceil(bytes / shape.length)).slice(0, bytes);
  const deepList = Array.from(
    { length: Math.floor(Math.sqrt(bytes)) },
    (_, level) => `${'  '.repeat(level)}- a\n`,
  )
    .join('')
    .slice(0, bytes);
  const shapes: Readonly<Record<string, string>> = {
    'nested quotes': filled('>'),
    'quotes and lists': filled(`${'> - '.repeat(60)}a\n`),
    'deep list': deepList,
    'lazy lines': `> a\n${filled('a\n')}`,
    'underlined headings': filled('a\n=\n'),
    items: filled('- a\n'),
    links: filled('[a]('),
    'step links': filled('- [a](a.md)\n'),
    brackets: filled('['),
    'closed brackets': filled('[a]\n'),
    images: filled('![a]('),
    emphasis: filled('*a_'),
    code: filled('`a'),
    tags: filled('<a '),
    comments: filled('<!-- '),
    autolinks: filled('<a:b '),
    definitions: filled('[a]: b\n'),
    entities: filled('&a'),
    'blank lines': filled('\n'),
    fences: filled('```\n'),
    escapes: filled('\\'),
    includes: filled('{{file:a'),
    'open braces': filled('{'),
    variables: filled('{{ context.a '),
    'front matter': `---\n${filled('a: b\n')}---\n`,
    'nested front matter': `---\na: ${filled('[')}\n---\n`,
    aliases: `---\na0: &a0 [x]\n${Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}, *a${n}]\n`).join('')}---\n`,
  };
  return Object.entries(shapes).flatMap(([name, text]) => {
    const isDeep = name === 'nested quotes' || name === 'quotes and lists';
    return [
      {
        what: `${name} in a step, ${bytes} bytes`,
        files: {
          'index.md': '# Steps\n\n- [a](a.md)\n',
          'a.md': text.startsWith('---') ? text + stepText() : stepText({ instructions: text }),
        },
        ...(isDeep && { expected: 'file-too-complex' }),
      },
      {
        what: `${name} in an index, ${bytes} bytes`,
        files: { 'index.md': `${text}\n\n# Steps\n\n- [a](a.md)\n`, 'a.md': stepText() },
      },
    ];
  });
}

/** Includes that lead round in circles, too deep, or to ever more of them. */
function knots(): readonly Case[] {
  const index = '# Steps\n\n- [a](a.md)\n';
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, n) => [`f${n}.md`, n === length - 1 ? 'the end' : `{{file:f${n + 1}.md}}`]),
    );
  const fan = (width: number, depth: number) =>
    Object.fromEntries(
      Array.from({ length: depth }, (_, n) => [
        `f${n}.md`,
        n === depth - 1 ? 'x' : `{{file:f${n + 1}.md}}`.repeat(width),
      ]),
    );
  const start = { 'index.md': index, 'a.md': stepText({ instructions: 'Do it. {{file:f0.md}}' }) };
  return [
    {
      what: 'a file in itself',
      files: { 'index.md': index, 'a.md': stepText({ instructions: '{{file:a.md}}' }) },
      expected: 'include-cycle',
    },
    {
      what: 'a circle',
      files: { ...start, 'f0.md': '{{file:f1.md}}', 'f1.md': '{{file:f0.md}}' },
      expected: 'include-cycle',
    },
    {
      what: 'a chain as deep as allowed',
      files: { ...start, ...chain(DEFAULT_LIMITS.includeDepthMax) },
      expected: 'usable',
    },
    {
      what: 'a chain one too deep',
      files: { ...start, ...chain(DEFAULT_LIMITS.includeDepthMax + 1) },
      expected: 'include-depth',
    },
    { what: 'fan-out', files: { ...start, ...fan(6, 6) }, expected: 'definition-too-large' },
    {
      what: 'fan-out of bytes',
      files: { ...start, ...fan(40, 2), 'f1.md': 'x'.repeat(LIMIT) },
      expected: 'definition-too-large',
    },
    {
      what: 'a file one byte too large',
      files: { 'index.md': index, 'a.md': stepText().padEnd(LIMIT + 1, 'x') },
      expected: 'file-too-large',
    },
    {
      what: 'a file just as large',
      files: { 'index.md': index, 'a.md': stepText().padEnd(LIMIT, 'x') },
      expected: 'usable',
    },
  ];
}
