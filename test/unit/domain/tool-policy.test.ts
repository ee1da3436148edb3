import { expect, test, vi } from 'vitest';
import {
  checkToolPolicy,
  policyFor,
  type ToolPolicyRules,
  unmatchedRules,
} from '../../../src/domain/tool-policy.ts';

test.each<[ToolPolicyRules, string, string]>([
  [{}, 'anything', 'allow'],
  [{ write_file: 'ask' }, 'write_file', 'ask'],
  [{ write_file: 'ask' }, 'write_files', 'allow'],
  [{ 'delete_*': 'deny' }, 'delete_file', 'deny'],
  [{ 'delete_*': 'deny' }, 'undelete_file', 'allow'],
  [{ '*_file': 'deny' }, 'delete_file', 'deny'],
  [{ '*delete*': 'deny' }, 'undelete_file', 'deny'],
  [{ 'a*b*c': 'deny' }, 'a-b-c', 'deny'],
  [{ 'a*b*c': 'deny' }, 'a-c-b', 'allow'],
  [{ 'ab*ba': 'deny' }, 'aba', 'allow'],
  [{ 'a*a*a': 'deny' }, 'aa', 'allow'],
  [{ '*': 'deny' }, '', 'deny'],
  [{ '*': 'deny', 'read_*': 'allow' }, 'read_file', 'allow'],
  [{ 'read_*': 'allow', '*': 'deny' }, 'write_file', 'deny'],
  [{ '*_file': 'deny', delete_file: 'allow' }, 'delete_file', 'allow'],
  [{ 'a*': 'allow', '*b': 'deny' }, 'ab', 'deny'],
  [{ '*b': 'ask', 'a*': 'deny' }, 'ab', 'deny'],
  [{ 'a.b': 'deny' }, 'axb', 'allow'],
])('by the rules %j, %s is %s', (rules, tool, policy) => {
  expect(policyFor(rules, tool)).toBe(policy);
});

test.each<[ToolPolicyRules, readonly string[], readonly string[]]>([
  [{}, ['read_file'], []],
  [{ '*': 'deny', 'read_*': 'allow', write_file: 'ask' }, ['read_file', 'write_file'], []],
  [{ wirte_file: 'deny', 'raed_*': 'ask', 'read_*': 'allow' }, ['read_file'], ['wirte_file', 'raed_*']],
  // A stronger rule holds instead, and still it is for a tool.
  [{ read_file: 'allow', 'read_*': 'deny' }, ['read_file'], []],
  [{ '*': 'deny' }, [], ['*']],
])('of the rules %j, for the tools %j, %j match none', (rules, tools, unmatched) => {
  expect(unmatchedRules(rules, tools)).toEqual(unmatched);
});

test('a pattern that is all stars and a long name are no work', () => {
  const begin = performance.now();
  expect(policyFor({ [`${'*a'.repeat(5_000)}*c`]: 'deny' }, 'a'.repeat(50_000))).toBe('allow');
  expect(performance.now() - begin).toBeLessThan(1_000);
});

const call = { server: 'files', tool: 'write_file', args: { path: 'x' } };

test('what is allowed is not asked about', async () => {
  const confirm = vi.fn();
  await checkToolPolicy({ policy: 'allow', call, confirm });
  expect(confirm).not.toHaveBeenCalled();
});

const yes = () => Promise.resolve(true);
const no = () => Promise.resolve(false);

test.each([
  ['deny', yes, 'denied by its policy'],
  ['ask', undefined, 'nobody can be asked'],
  ['ask', no, 'said no'],
] as const)('by the policy %s, refused: %s', async (policy, confirm, words) => {
  await expect(checkToolPolicy({ policy, call, confirm })).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    retryable: false,
    message: expect.stringContaining(words),
    details: { server: 'files', tool: 'write_file' },
  });
});

test('whoever is asked sees the call', async () => {
  const confirm = vi.fn(yes);
  await checkToolPolicy({ policy: 'ask', call, confirm });
  expect(confirm).toHaveBeenCalledExactlyOnceWith(call);
});
