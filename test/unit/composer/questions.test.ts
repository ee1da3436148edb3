import { expect, test } from 'vitest';
import { QuestionPending } from '../../../src/domain/question-pending.ts';
import type { ConfirmableCall } from '../../../src/domain/tool-policy.ts';
import { faultOf } from '../../support/fault-of.ts';
import { composerSubject } from './composer-subject.ts';

const subject = composerSubject();
const ASK_TO_POST = {
  policyOf: (_server: string, tool: string) => (tool === 'post' ? 'ask' : 'allow'),
} as const;

const later = async (call: ConfirmableCall): Promise<boolean> => {
  throw new QuestionPending([call]);
};

/** Answers each of these once, and puts all other questions off. */
function answersTo(questions: readonly ConfirmableCall[], answer = true) {
  const open = questions.map((question) => JSON.stringify(question));
  return async (call: ConfirmableCall) => {
    const index = open.indexOf(JSON.stringify(call));
    if (index === -1) return later(call);
    open.splice(index, 1);
    return answer;
  };
}

const post = (entry: string) => ({ server: 'ledger', tool: 'post', args: { entry } });
const entries = (runId: string) => subject.ledger(runId).map(({ args: { entry } }) => entry);

async function pendingOf(work: Promise<unknown>): Promise<QuestionPending> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof QuestionPending)) throw new Error(`There is no question: ${error}`);
  return error;
}

test('a script stops for questions, all that it has at a time, and goes on when they are answered', async () => {
  const { execute } = await subject.open(ASK_TO_POST);
  const code = `
    const done = [(await ledger__put({ entry: 'a' })).entry];
    done.push(...(await Promise.all(['b', 'c'].map((entry) => ledger__post({ entry })))).map(({ entry }) => entry));
    done.push((await ledger__post({ entry: 'd' })).entry);
    return done;`;
  const run = (confirm: typeof later) => execute(code, { runId: 'rounds', confirm });
  const first = await pendingOf(run(later));
  expect(first).toMatchObject({ questions: [post('b'), post('c')], resumption: 'rounds' });
  expect(entries('rounds')).toEqual(['a']);
  const second = await pendingOf(run(answersTo(first.questions)));
  expect(second.questions).toEqual([post('d')]);
  expect(entries('rounds').sort()).toEqual(['a', 'b', 'c']);
  expect(await run(answersTo(second.questions))).toMatchObject({
    status: 'completed',
    result: ['a', 'b', 'c', 'd'],
  });
  expect(entries('rounds').sort()).toEqual(['a', 'b', 'c', 'd']);
});

test('a call that is under way comes to its end first, and no other is begun: none is in doubt', async () => {
  const { execute } = await subject.open({
    policyOf: (_server, tool) => (tool === 'put' ? 'ask' : 'allow'),
  });
  const code = `
    const slow = ledger__post({ entry: 'slow', turns: 200 }).then(() => ledger__post({ entry: 'next' }));
    const asked = ledger__put({ entry: 'asked' });
    return (await Promise.all([slow, asked])).map(({ entry }) => entry);`;
  const { questions, resumption } = await pendingOf(execute(code, { runId: 'quiet', confirm: later }));
  expect(questions).toEqual([{ server: 'ledger', tool: 'put', args: { entry: 'asked' } }]);
  expect(entries('quiet')).toEqual(['slow']);
  expect(await execute(code, { runId: resumption, confirm: answersTo(questions) })).toMatchObject({
    status: 'completed',
    result: ['next', 'asked'],
  });
  expect(entries('quiet').sort()).toEqual(['asked', 'next', 'slow']);
});

test('no is an answer too, and the same question is asked again for the same call', async () => {
  const { execute } = await subject.open(ASK_TO_POST);
  const code = `
    const kinds = [];
    for (let round = 0; round < 2; round++)
      await ledger__post({ entry: 'same' }).then(() => kinds.push('done'), ({ kind }) => kinds.push(kind));
    return kinds;`;
  const { questions, resumption } = await pendingOf(execute(code, { confirm: later }));
  expect(questions).toEqual([post('same')]);
  const again = await pendingOf(execute(code, { runId: resumption, confirm: answersTo(questions, false) }));
  expect(again).toMatchObject({ questions: [post('same')], resumption });
  const { result } = await execute(code, { runId: resumption, confirm: answersTo(questions) });
  expect(result).toEqual(['refused', 'done']);
  expect(entries(resumption ?? '')).toEqual(['same']);
});

test('nobody else gets in between the rounds with other code', async () => {
  const { execute } = await subject.open(ASK_TO_POST);
  const code = (entry: string) => `await ledger__put({}); await ledger__post({ entry: '${entry}' });`;
  const { resumption } = await pendingOf(execute(code('mine'), { confirm: later }));
  const other = execute(code('other'), { runId: resumption, confirm: later });
  expect(await faultOf(other)).toMatchObject({ code: 'RUN_ID_REUSED' });
});
