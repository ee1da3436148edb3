import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Diagnostic, formatDiagnostic } from '../../../src/definitions/diagnostic.ts';
import { lintPath } from '../../../src/definitions/lint.ts';
import { RULES } from '../../../src/definitions/rules/rules.ts';

const PROBLEMS = resolve('test/fixtures/workflows-with-problems');
/** Problems that no readable file of a repository can have, or only a huge one; they are tested elsewhere. */
const WITHOUT_FIXTURE = [
  'definition-too-large',
  'file-not-text',
  'file-too-complex',
  'file-too-large',
  'index-unreadable',
  'no-workflow',
  'script-too-large',
  'step-outside',
  'step-unreadable',
];

interface Expected {
  readonly ruleId: string;
  readonly file: string;
  readonly line: number;
}

let found: readonly Diagnostic[];
let expected: readonly Expected[];

beforeAll(async () => {
  found = (await lintPath(PROBLEMS)).diagnostics;
  const files = (await readdir(PROBLEMS, { recursive: true })).filter((file) => file.endsWith('.md'));
  expected = (await Promise.all(files.map(expectedIn))).flat();
});

/** A marker `{rule-id}` in a comment expects the problem in its own line or the one below. */
async function expectedIn(file: string): Promise<readonly Expected[]> {
  const text = await readFile(join(PROBLEMS, file), 'utf8');
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/(?:<!--|#|\/\/) \{([a-z-]+)\}/g)].map((match) => ({
      ruleId: match[1] ?? '',
      file: relative(PROBLEMS, join(PROBLEMS, file)).split(sep).join('/'),
      line: index + 1,
    })),
  );
}

function fits(diagnostic: Diagnostic, { ruleId, file, line }: Expected): boolean {
  const distance = (diagnostic.place?.line ?? 0) - line;
  return diagnostic.ruleId === ruleId && diagnostic.file === file && (distance === 0 || distance === 1);
}

describe('the fixtures with problems', () => {
  test('every problem is where its marker says', () => {
    expect(expected.length).toBeGreaterThan(30);
    expect(expected.filter((marker) => !found.some((diagnostic) => fits(diagnostic, marker)))).toEqual([]);
  });

  test('there are no other problems', () => {
    const unexpected = found.filter((diagnostic) => !expected.some((marker) => fits(diagnostic, marker)));
    expect(unexpected.map(formatDiagnostic)).toEqual([]);
    expect(found).toHaveLength(expected.length);
  });

  test('every rule has a fixture, and every diagnostic a rule of its severity', () => {
    const covered = new Set([...expected.map(({ ruleId }) => ruleId), ...WITHOUT_FIXTURE]);
    expect(RULES.map(({ ruleId }) => ruleId).filter((ruleId) => !covered.has(ruleId))).toEqual([]);
    for (const { ruleId, severity } of found)
      expect(RULES.find((rule) => rule.ruleId === ruleId)?.severity, ruleId).toBe(severity);
    expect(new Set(RULES.map(({ ruleId }) => ruleId)).size).toBe(RULES.length);
  });

  test('messages are sentences, and the order is that of files and lines', () => {
    for (const { message } of found) expect(message).toMatch(/^[A-Z].*[.?]$/s);
    const [first] = found.map(formatDiagnostic);
    expect(first).toMatch(/^[A-Z_]+\/\S+:\d+:\d+: (?:error|warning) .* \[[a-z-]+\]$/);
    const places = found.map(({ file, place }) => `${file}:${String(place?.line).padStart(4, '0')}`);
    expect(places).toEqual([...places].sort());
  });
});

describe('lintPath', () => {
  test('takes a folder of workflows, a workflow, an index, or a step', async () => {
    const folder = await lintPath(join(PROBLEMS, 'GRAPH'));
    expect(folder.workflows).toEqual(['GRAPH']);
    expect(folder.diagnostics).toHaveLength(4);
    expect(await lintPath(join(PROBLEMS, 'GRAPH', 'index.md'))).toEqual(folder);
    const step = await lintPath(join(PROBLEMS, 'GUIDANCE', 'steps', 'third.md'));
    expect(step.workflows).toEqual(['GUIDANCE']);
    expect(step.diagnostics.map(({ ruleId }) => ruleId)).toEqual(['guidance-not-declared']);
    const all = await lintPath(PROBLEMS);
    expect(all.workflows).toContain('CLEAN');
    expect(all.diagnostics).toEqual(found);
  });

  test.each(['test/fixtures/nowhere', 'test/unit', 'package.json'])(
    'says so where there is no workflow: %s',
    async (path) => {
      const { workflows, diagnostics } = await lintPath(path);
      expect(workflows).toEqual([]);
      expect(diagnostics).toMatchObject([{ ruleId: 'no-workflow', severity: 'error', file: path }]);
    },
  );

  test('the shipped workflows are clean', async () => {
    const { workflows, diagnostics } = await lintPath('workflows');
    expect(workflows.length).toBeGreaterThanOrEqual(9);
    expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  });
});
