import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';

const SRC = resolve('src');

/**
 * Which room may import which: `cli | mcp | queue -> engine (agent) -> store | ai | definitions -> domain`. `all` allows every
 * import, `types` only those that are gone after compilation. Every room may import itself.
 */
const ALLOWED: Readonly<
  Record<string, { readonly all?: readonly string[]; readonly types?: readonly string[] }>
> = {
  domain: {},
  config: { all: ['domain'] },
  definitions: { all: ['domain'] },
  ai: { all: ['domain'] },
  store: { all: ['domain'] },
  // The library tells servers which version of the package they talk to.
  hub: { all: ['domain', '../package.json'] },
  sandbox: { all: ['domain'] },
  engine: {
    all: ['domain'],
    types: [
      'store/store.ts',
      'ai/model.ts',
      'composer/composer.ts',
      'definitions/definitions.ts',
      'definitions/diagnostic.ts',
    ],
  },
  agent: { all: ['domain'], types: ['engine', 'store/store.ts', 'store/session-store.ts'] },
  composer: {
    all: ['domain'],
    types: ['hub/hub.ts', 'sandbox/runner.ts', 'store/store.ts', 'store/journal-store.ts'],
  },
  queue: {
    all: ['domain'],
    types: ['engine', 'store/store.ts', 'store/task-store.ts', 'ai/performer.ts', 'hub/hub.ts'],
  },
  mcp: {
    all: ['domain', 'engine', 'agent', 'queue', 'composer'],
    types: [
      'store/store.ts',
      'hub/hub.ts',
      'hub/gateway.ts',
      'definitions/definitions.ts',
      'definitions/diagnostic.ts',
    ],
  },
  cli: {
    all: ['domain', 'config'],
    types: [
      'engine',
      'queue',
      'store/store.ts',
      'store/maintenance.ts',
      'hub/inspect-servers.ts',
      'definitions/definitions.ts',
      'definitions/diagnostic.ts',
    ],
  },
};

/** The composition root alone knows every room, and no room knows it. */
const ROOT = ['main.ts', 'wiring'];

/** What the root takes along at every start, besides the domain; all else it imports where it is used. */
const LOADED_AT_START = [
  '../package.json',
  'cli/json-logger.ts',
  'cli/run-cli.ts',
  'composer/deferred-composer.ts',
  'config/config.ts',
  'config/load-config.ts',
  'definitions/diagnostic.ts',
  'queue/stoppable-orchestrator.ts',
];

/** Not part of the product, and so not of the root either. */
const OUTSIDE = ['dev', 'demo'];

/** The main files of the program and of the library. */
const MAIN_FILES = ['main.ts', 'hub/library.ts'];

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** Whether it is an `import()`, which loads nothing before it is reached. */
  readonly isDynamic: boolean;
}

interface SourceFile {
  /** Relative to `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

let files: readonly SourceFile[];

beforeAll(async () => {
  const names = await readdir(SRC, { recursive: true });
  const paths = names.filter((name) => /\.m?ts$/.test(name)).map((name) => name.split(sep).join('/'));
  files = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(SRC, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    }),
  );
});

/** Static imports, re-exports, `import()` and `import('x').Type`. */
function importsOf(path: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, isDynamic = false) => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier))
      found.push({ from: path, specifier: specifier.text, typeOnly, isDynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false, true);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

const roomOf = (path: string) => path.split('/')[0] ?? path;

const isRoot = (path: string) => ROOT.includes(roomOf(path));

/** Where a relative import leads, relative to `src`; undefined for packages. */
function targetOf({ from, specifier }: Import): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(SRC, resolve(SRC, dirname(from), specifier))
    .split(sep)
    .join('/');
}

function isAllowed(edge: Import): boolean {
  const target = targetOf(edge);
  const room = roomOf(edge.from);
  if (target === undefined || roomOf(target) === room) return true;
  if (isRoot(edge.from)) return !OUTSIDE.includes(roomOf(target));
  if (OUTSIDE.includes(room)) return !isRoot(target);
  const { all = [], types = [] } = ALLOWED[room] ?? {};
  const within = (places: readonly string[]) => places.includes(target) || places.includes(roomOf(target));
  return within(all) || (edge.typeOnly && within(types));
}

const show = ({ from, specifier, typeOnly }: Import) =>
  `${from} -> ${specifier}${typeOnly ? ' (types)' : ''}`;

describe('the direction of imports', () => {
  test('every room is on the list', () => {
    const rooms = new Set(files.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => !(room in ALLOWED) && ![...ROOT, ...OUTSIDE].includes(room))).toEqual(
      [],
    );
  });

  test('rooms import only what stands below them', () => {
    const edges = files.flatMap((file) => file.imports);
    expect(edges.length).toBeGreaterThan(files.length);
    expect(edges.filter((edge) => !isAllowed(edge)).map(show)).toEqual([]);
  });

  test('the composition root loads what a start needs, and the rest at its first use', () => {
    const loaded = files
      .flatMap((file) => file.imports)
      .filter(({ from, typeOnly, isDynamic }) => isRoot(from) && !typeOnly && !isDynamic)
      .map((edge) => targetOf(edge) ?? edge.specifier)
      .filter((target) => !isRoot(target) && roomOf(target) !== 'domain' && !isBuiltin(target));
    expect([...new Set(loaded)].sort()).toEqual(LOADED_AT_START);
  });

  test('the domain knows nothing but itself and Node', () => {
    const packages = files
      .filter(({ path }) => roomOf(path) === 'domain')
      .flatMap((file) => file.imports)
      .filter((edge) => targetOf(edge) === undefined && !isBuiltin(edge.specifier));
    expect(packages.map(show)).toEqual([]);
  });

  test('only the main files hand out the environment: that of the program, and that of the library', () => {
    const readers = files.filter(
      ({ path, text }) => /\bprocess\s*\.\s*env\b/.test(text) && roomOf(path) !== 'dev',
    );
    expect(
      readers.map(({ path }) => path).filter((path) => !MAIN_FILES.includes(path) && roomOf(path) !== 'demo'),
    ).toEqual([]);
  });

  test('nothing is imported in a circle', () => {
    const graph = new Map(
      files.map(({ path, imports }) => [
        path,
        imports.filter(({ typeOnly }) => !typeOnly).flatMap((edge) => targetOf(edge) ?? []),
      ]),
    );
    expect([...graph.keys()].filter((path) => reaches(graph, path))).toEqual([]);
  });
});

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') && builtinModules.includes(specifier.slice('node:'.length));
}

/** Whether one can get from a file back to it. */
function reaches(graph: ReadonlyMap<string, readonly string[]>, start: string): boolean {
  const seen = new Set<string>();
  const waiting = [...(graph.get(start) ?? [])];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (path === start) return true;
    if (seen.has(path)) continue;
    seen.add(path);
    waiting.push(...(graph.get(path) ?? []));
  }
  return false;
}
