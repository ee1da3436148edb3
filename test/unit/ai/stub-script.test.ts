import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStubScript } from '../../../src/ai/stub/script.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stub-script-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  const path = join(folder, 'script.json');
  writeFileSync(path, text);
  return readStubScript(path);
}

test('a valid one is returned as it is', () => {
  const script = [
    { workflow: 'A', step: 'b', times: 3, delay_ms: 5, decision: { next_step_name: 'FINISH' } },
    { task: 'a', attempt: 2, workflow: 'A', step: 'b', report: { status: 'partly', files: ['a'] } },
    { report: { status: 'success' }, context_updates: { a: { b: [1] } } },
    { task: 'a', times: 9, outcome: { status: 'success', result: null } },
    { outcome: { status: 'failure', error: 'No.' } },
    { calls: [{ server: 's', tool: 't', arguments: { a: 1 } }], outcome: { status: 'success', result: 1 } },
    { calls: [{ server: 's', tool: 't' }], report: { status: 'success' } },
    { attempt: 1, judgement: { accepted: true } },
    { judgement: { accepted: false, feedback: 'More.' } },
    { workflow: 'A', fault: { code: 'AI_TIMEOUT' } },
    { perform: 'step', workflow: 'A', task: 'a', fault: { code: 'AI_TIMEOUT' } },
    { perform: 'judge', attempt: 3, fault: { code: 'AI_TIMEOUT' } },
  ];
  expect(read(JSON.stringify(script))).toEqual(script);
  expect(read('[]')).toEqual([]);
});

const ONE_ANSWER = 'entry 0: Expected exactly one of decision, report, outcome, judgement, fault';

test.each<[string, string, readonly string[]]>([
  ['no JSON', '[{"step": }]', ['script.json: The script of the stub is not JSON: ']],
  ['no list', '{"step": "a"}', ['script.json: Invalid input: expected array']],
  [
    'an unknown member',
    '[{"fault": {"code": "AI_TIMEOUT"}}, {"stepp": "a", "fault": {"code": "AI_TIMEOUT"}}]',
    ['entry 1: Unrecognized key: "stepp"'],
  ],
  ['no answer', '[{"step": "a"}]', [ONE_ANSWER]],
  ['two answers', '[{"decision": {"next_step_name": "a"}, "fault": {"code": "AI_TIMEOUT"}}]', [ONE_ANSWER]],
  ['two kinds of work', '[{"report": {"status": "a"}, "judgement": {"accepted": true}}]', [ONE_ANSWER]],
  ['an unknown code', '[{"fault": {"code": "AI_BROKEN"}}]', ['entry 0: fault.code: Invalid option']],
  ['a wrong number', '[{"times": 0, "fault": {"code": "AI_TIMEOUT"}}]', ['entry 0: times: Too small']],
  [
    'several',
    '[{"decision": {}}, {"decision": {"next_step_name": 5}}]',
    ['entry 0: decision.next_step_name: ', 'entry 1: decision.next_step_name: '],
  ],
  [
    'calls beside a judgement',
    '[{"calls": [{"server": "s", "tool": "t"}], "judgement": {"accepted": true}}]',
    ['entry 0: calls: Has no effect beside "judgement"'],
  ],
  [
    'a task beside a decision',
    '[{"task": "a", "attempt": 1, "decision": {"next_step_name": "a"}}]',
    ['entry 0: task: Has no effect beside "decision"', 'entry 0: attempt: Has no effect beside "decision"'],
  ],
  [
    'a task beside a fault of decisions',
    '[{"task": "a", "fault": {"code": "AI_TIMEOUT"}}]',
    ['entry 0: task: Has no effect beside "fault"'],
  ],
  [
    'a step beside work without steps',
    '[{"step": "a", "outcome": {"status": "success", "result": 1}}, {"workflow": "A", "judgement": {"accepted": true}}]',
    ['entry 0: step: Has no effect beside "outcome"', 'entry 1: workflow: Has no effect beside "judgement"'],
  ],
  [
    'a verb beside what tells it already',
    '[{"perform": "task", "outcome": {"status": "success", "result": 1}}]',
    ['entry 0: perform: Has no effect beside "outcome"'],
  ],
  [
    'context updates without a report',
    '[{"context_updates": {}, "judgement": {"accepted": true}}]',
    ['entry 0: context_updates: Has no effect beside "judgement"'],
  ],
  ['an unknown verb', '[{"perform": "sing", "fault": {"code": "AI_TIMEOUT"}}]', ['entry 0: perform: ']],
  ['a report without a status', '[{"report": {"result": 1}}]', ['entry 0: report.status: ']],
  ['a failure without an error', '[{"outcome": {"status": "failure"}}]', ['entry 0: outcome.error: ']],
  ['a success without a result', '[{"outcome": {"status": "success"}}]', ['entry 0: outcome.result: ']],
  [
    'a rejection without feedback',
    '[{"judgement": {"accepted": false, "feedback": " "}}]',
    ['entry 0: judgement.feedback: '],
  ],
  [
    'an attempt before the first',
    '[{"attempt": 0, "judgement": {"accepted": true}}]',
    ['entry 0: attempt: '],
  ],
])('%s', (_, text, problems) => {
  for (const problem of problems) expect(() => read(text)).toThrowError(problem);
  expect(() => read(text)).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('a missing file is named', () => {
  expect(() => readStubScript(join(folder, 'absent.json'))).toThrowError(/absent\.json: .*cannot be read/);
});
