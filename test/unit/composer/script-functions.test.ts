import { expect, test } from 'vitest';
import { createScriptFunctions } from '../../../src/composer/script-functions.ts';
import type { KnownTools } from '../../../src/composer/tool-directory.ts';

// What is behind the names in a script, whatever it names.

const TOOLS = 1_000;

function known(): KnownTools {
  const servers = ['files', 'git'];
  return {
    tools: servers.flatMap((server) =>
      Array.from({ length: TOOLS }, (_, index) => ({
        functionName: `${server}__read_number_${index}`,
        tool: { server, name: `read_number_${index}` },
        policy: 'allow' as const,
      })),
    ),
    servers: servers.map((name) => ({ name, state: 'running' as const, toolCount: TOOLS })),
  };
}

const functionsOf = (code: string, calledNames: readonly string[] = []) =>
  createScriptFunctions({
    code,
    calledNames,
    known: known(),
    prefixOf: (server) => `${server}__`,
    missingMax: 3,
  });

test('a name that no tool has is a function as well, each once, and only so many', () => {
  const code = 'files__a(); files__a(); git__b(); files__read_number_1(); git__c(); git__d(); other__e()';
  expect(functionsOf(code).names.slice(2 * TOOLS)).toEqual(['files__a', 'git__b', 'git__c']);
});

test('names that were called before are functions however many there are', () => {
  const called = ['git__d', 'files__gone', 'nobody__e', 'sleep', 'git__d'];
  expect(functionsOf('git__a(); git__b(); git__c(); git__d()', called).names.slice(2 * TOOLS)).toEqual([
    'git__a',
    'git__b',
    'git__c',
    'git__d',
    'files__gone',
    'nobody__e',
  ]);
});

test('whoever calls it is told which tool of that server was meant', () => {
  const called = functionsOf('').find('git__read_numbr_7');
  expect(called).toMatchObject({ kind: 'missing', server: 'git', tool: 'read_numbr_7' });
  expect(called.kind === 'missing' && called.failure().message).toBe(
    'The server git has no tool for `git__read_numbr_7`. Did you mean `git__read_number_7`?',
  );
});

test('a script that only names thousands of functions costs nobody anything', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `git__reed_number_${index}`);
  const before = performance.now();
  functionsOf(`/* ${names.join(' ')} */ return 1`);
  // Comparing them with all tools takes minutes.
  expect(performance.now() - before).toBeLessThan(1_000);
});
