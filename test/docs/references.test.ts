import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT, readDocuments, targetOf } from './documents.ts';

const documents = readDocuments();
const byPath = new Map(documents.map((document) => [document.path, document]));

/** Names of other programs that are mentioned. */
const ELSEWHERE = ['McpServer'];
/** Steps that a text makes up. */
const INVENTED = ['write_summary', 'split_changes'];

const sources = filesBelow('src').map((path) => readFileSync(join(ROOT, path), 'utf8'));
const words = new Set(
  [
    ...sources,
    ...filesBelow('workflows').map((path) => readFileSync(join(ROOT, path), 'utf8')),
    ...documents.flatMap(({ blocks }) => blocks.map(({ text }) => text)),
    ...filesBelow('workflows'),
    ...Object.keys(packageJson.dependencies),
  ].flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []),
);

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll('\\', '/'));
}

describe.each(documents)('$path', (document) => {
  test('its links lead somewhere', () => {
    const broken = document.links.filter((link) => {
      const target = targetOf(document, link);
      if (target === undefined) return !link.url.startsWith('https://');
      if (!existsSync(join(ROOT, target.path))) return true;
      return target.anchor !== '' && byPath.get(target.path)?.anchors.includes(target.anchor) !== true;
    });
    expect(broken).toEqual([]);
  });

  test('the paths that it names exist', () => {
    const paths = document.codes.filter((code) =>
      /^(?:src|test|docs|workflows|dist|\.ci)\/[\w./-]*$/.test(code),
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('a symbol that it finds in a file is there', () => {
    const cited = document.text.matchAll(/`([\w.]+)`\s+(?:\(|in\s+)`((?:src|test)\/[\w./-]+\.\w+)`/g);
    const missing = [...cited].flatMap(([, symbol = '', path = '']) => {
      const text = existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '';
      const name = symbol.split('.').at(-1) ?? '';
      return new RegExp(`\\b${name}\\b`).test(text) ? [] : [`${symbol} in ${path}`];
    });
    expect(missing).toEqual([]);
  });

  test('the names in code marks are names of the project', () => {
    const names = document.codes.filter((code) =>
      /^(?:[A-Z]+_[A-Z_]+|[a-z]+(?:_[a-z]+)+|[a-z]+[A-Z]\w*(?:\.\w+)?|[A-Z]\w*[a-z]\w*(?:\.\w+)?)$/.test(
        code,
      ),
    );
    const unknown = names.filter(
      (name) =>
        ![...ELSEWHERE, ...INVENTED].includes(name) && !name.split('.').every((part) => words.has(part)),
    );
    expect(unknown).toEqual([]);
  });

  test('the commands that it names exist', () => {
    const texts = [
      ...document.codes,
      ...document.blocks
        .filter(({ language }) => ['sh', 'console'].includes(language))
        .flatMap(({ text }) => text.split('\n')),
    ];
    const unknown = texts.flatMap((text) => {
      const command = /(?:\borchestrator-mcp|dist\/main\.mjs)\s+([a-z]+)\b/.exec(text)?.[1];
      const script = /\bnpm run ([\w:]+)/.exec(text)?.[1];
      const badCommand =
        command !== undefined && !byPath.get('docs/reference/cli.md')?.anchors.includes(command);
      const badScript = script !== undefined && !(script in packageJson.scripts);
      return badCommand || badScript ? [text] : [];
    });
    expect(unknown).toEqual([]);
  });
});

test('every page can be found from the README', () => {
  const reached = new Set<string>();
  const waiting = ['README.md'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const document = byPath.get(path);
    if (document === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const link of document.links) {
      const target = targetOf(document, link);
      if (target !== undefined) waiting.push(target.path);
    }
  }
  const lost = documents
    .map(({ path }) => path)
    .filter((path) => !reached.has(path) && path !== 'CHANGELOG.md');
  expect(lost).toEqual([]);
});

test('the README shows a workflow, how to run it and what is printed within its first 30 lines', () => {
  const head = byPath.get('README.md')?.text.split('\n').slice(0, 30).join('\n') ?? '';
  expect(head).toMatch(/```markdown\n[\s\S]*?\n```\n[\s\S]*```console\n\$ [\s\S]*?\n```/);
});
