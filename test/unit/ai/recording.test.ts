import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DecisionRequest, Model } from '../../../src/ai/model.ts';
import { createReplayModel, recordingKey, withRecording } from '../../../src/ai/recording.ts';
import { createStubModel } from '../../../src/ai/stub-model.ts';
import { type Logger, silentLogger } from '../../../src/domain/logger.ts';
import { ARTICLE, entryOf, requestOf } from './requests.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recording-'));
  path = join(folder, 'new', 'decisions.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const recorded = (model: Model, logger: Logger = silentLogger) => withRecording({ model, path, logger });
const replayed = () => createReplayModel({ path, decider: 'stub' });

function scripted(...names: readonly string[]): Model {
  return createStubModel({ script: names.map((next_step_name) => ({ decision: { next_step_name } })) });
}

test('what was recorded is replayed, equal requests in their order, the last one for good', async () => {
  const model = recorded(scripted('draft', 'publish', 'FINISH'));
  const other = requestOf({ context: { title: 'On Wasps' } });
  const decisions = [
    await model.decide(requestOf()),
    await model.decide(other),
    await model.decide(requestOf()),
  ];
  const replay = replayed();
  expect(await replay.decide(requestOf())).toEqual(decisions[0]);
  expect(await replay.decide(requestOf())).toEqual(decisions[2]);
  expect(await replay.decide(requestOf())).toEqual(decisions[2]);
  expect(await replay.decide(other)).toEqual(decisions[1]);
  expect(await replayed().decide(requestOf())).toEqual(decisions[0]);
});

test('a recording grows, line by line, also with many decisions at once', async () => {
  await recorded(scripted('draft')).decide(requestOf());
  const model = recorded(createStubModel());
  await Promise.all(
    Array.from({ length: 50 }, (_, round) =>
      model.decide(requestOf({ context: { round, text: 'x'.repeat(5_000) } })),
    ),
  );
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(51);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ workflow: 'ARTICLE', step: 'review' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a decision holds even if it cannot be recorded', async () => {
  writeFileSync(join(folder, 'new'), 'a file where the folder should be');
  const errors: string[] = [];
  const model = recorded(scripted('draft'), { ...silentLogger, error: (message) => errors.push(message) });
  expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'draft' });
  expect(errors).toEqual(['A decision could not be recorded']);
});

test('failures are not recorded', async () => {
  const model = recorded(createStubModel({ script: [{ fault: { code: 'AI_TIMEOUT' } }] }));
  await expect(model.decide(requestOf())).rejects.toMatchObject({ code: 'AI_TIMEOUT' });
  await model.decide(requestOf());
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1);
});

test('a request without a recording is refused, and says which step it was', async () => {
  await recorded(createStubModel()).decide(requestOf());
  await expect(replayed().decide(requestOf({ stepName: 'draft' }))).rejects.toMatchObject({
    code: 'AI_MISCONFIGURED',
    retryable: false,
    message: expect.stringContaining(
      'holds no decision for step draft of ARTICLE in this situation; nothing moved.',
    ),
  });
});

test('a broken recording is refused, with file and line', async () => {
  await recorded(createStubModel()).decide(requestOf());
  appendFileSync(path, '{"key": "torn');
  expect(replayed).toThrowError(/decisions\.jsonl:2: This line is no recorded decision/);
  expect(replayed).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  rmSync(path);
  expect(replayed).toThrowError(/decisions\.jsonl: The recording cannot be read/);
});

describe('two requests are equal', () => {
  const request = requestOf({ recentHistory: [entryOf()] });
  const equal = (other: DecisionRequest) => recordingKey(other) === recordingKey(request);

  test.each<[string, Partial<DecisionRequest>]>([
    [
      'ids, tokens, times',
      {
        recentHistory: [
          entryOf({ historyEntryId: 9, instanceId: 'x', stepToken: 'y', requestId: 'z', timestamp: 'later' }),
        ],
      },
    ],
    [
      'who decided before, and how long it took',
      {
        recentHistory: [
          entryOf({
            decision: {
              decider: 'gemini',
              nextStepName: 'review',
              updatedContext: [],
              candidates: [],
              latencyMs: 5,
            },
          }),
        ],
      },
    ],
    ['attempts that failed', { recentHistory: [entryOf(), entryOf({ kind: 'decision_failed' })] }],
    [
      'the order of members',
      { report: { result: { choice: 'approve' }, step_id: 'review', status: 'success' } },
    ],
    [
      'instructions, which no decider sees',
      { definition: { ...ARTICLE, steps: ARTICLE.steps.map((step) => ({ ...step, instructions: 'New.' })) } },
    ],
    [
      'guidance of other steps',
      {
        definition: {
          ...ARTICLE,
          steps: ARTICLE.steps.map((step, index) => (index === 1 ? step : { ...step, guidance: 'New.' })),
        },
      },
    ],
  ])('whatever %s', (_, rest) => {
    expect(equal({ ...request, ...rest })).toBe(true);
  });

  test.each<[string, Partial<DecisionRequest>]>([
    ['the task', { task: 'reconcile' }],
    ['the guidance', { step: { ...request.step, guidance: 'New.' } }],
    ['the goal', { definition: { ...ARTICLE, goal: 'New.' } }],
    ['what is allowed', { allowed: ['draft'] }],
    ['the context', { context: {} }],
    ['the visits', { visits: {} }],
    ['the report', { report: { status: 'failure' } }],
    ['the belief', { belief: 'draft' }],
    ['the wish', { wish: 'draft' }],
    ['what happened before', { recentHistory: [entryOf({ stepName: 'publish' })] }],
  ])('but not whatever %s', (_, rest) => {
    expect(equal({ ...request, ...rest })).toBe(false);
  });
});
