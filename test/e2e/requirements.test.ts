import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { REQUIREMENTS } from './requirements.ts';

const FOLDER = import.meta.dirname;
const SCENARIOS = ['scenario', 'scenarioPerClient', 'scenarioPerProtocol'];

test('every requirement is shown by a scenario', async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.test.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join(FOLDER, name), 'utf8')));
  const cited = new Set(texts.flatMap(citations));
  expect(Object.keys(REQUIREMENTS).filter((id) => !cited.has(id))).toEqual([]);
});

/** The ids in the second argument of each call that defines a scenario; the type checker knows that they exist. */
function citations(text: string): readonly string[] {
  const ids: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && SCENARIOS.includes(node.expression.getText())) {
      const shows = node.arguments[1];
      if (shows !== undefined && ts.isArrayLiteralExpression(shows))
        ids.push(...shows.elements.filter(ts.isStringLiteral).map((element) => element.text));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('scenarios.ts', text, ts.ScriptTarget.Latest, true));
  return ids;
}
