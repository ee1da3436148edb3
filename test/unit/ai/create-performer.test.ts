import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ModelSettings } from '../../../src/ai/create-model.ts';
import { createPerformer } from '../../../src/ai/create-performer.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';
import { geminiWire, openaiWire } from '../../support/provider-wires.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { judgementRequestOf, stepRequestOf, taskRequestOf } from './work-requests.ts';

const create = (settings: ModelSettings) =>
  createPerformer({ settings, clock: systemClock, logger: silentLogger });

test('where the client decides, there is no performer', () => {
  expect(create({ provider: 'client' })).toBeUndefined();
});

test('the stub plays the script that the settings name', async () => {
  const scriptPath = join(temporaryFolder(), 'script.json');
  await writeFile(scriptPath, '[{"outcome": {"status": "failure", "error": "No."}}]');
  const performer = create({ provider: 'stub', scriptPath });
  expect(performer?.name).toBe('stub');
  expect(await performer?.doTask(taskRequestOf())).toEqual({ status: 'failure', error: 'No.' });
  expect(await create({ provider: 'stub' })?.doTask(taskRequestOf())).toMatchObject({ status: 'success' });
  expect(() => create({ provider: 'stub', scriptPath: '/absent' })).toThrowError(/absent/);
});

test.each([
  ['gemini', '', geminiWire],
  ['openai', '/v1', openaiWire],
] as const)('%s is asked at its endpoint; nothing is recorded', async (provider, path, wire) => {
  const server = await startFakeProvider();
  const recordPath = join(temporaryFolder(), 'recording.jsonl');
  const performer = create({
    provider,
    modelName: 'some-model',
    endpoint: server.origin + path,
    requestTimeoutMs: 5_000,
    recordPath,
  });
  expect(performer?.name).toBe(provider);
  server.willReply(wire.text('{"reasoning": "It rhymes.", "accepted": true, "feedback": ""}'));
  expect(await performer?.judge(judgementRequestOf())).toEqual({ accepted: true });
  expect(existsSync(recordPath)).toBe(false);
  await server.close();
});

test('where decisions are replayed, nobody works', async () => {
  const performer = create({ provider: 'stub', replayPath: 'recording.jsonl' });
  expect(performer?.name).toBe('stub');
  for (const working of [
    performer?.carryOutStep(stepRequestOf()),
    performer?.doTask(taskRequestOf()),
    performer?.judge(judgementRequestOf()),
  ])
    await expect(working).rejects.toMatchObject({
      code: 'AI_MISCONFIGURED',
      retryable: false,
      message: expect.stringMatching(/^AI_REPLAY plays back decisions only/),
      hint: 'Unset AI_REPLAY to let the AI provider work on tasks.',
    });
});
