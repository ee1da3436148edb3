import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createModel, type ModelSettings } from '../../../src/ai/create-model.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';
import { decisionText, geminiWire, openaiWire } from '../../support/provider-wires.ts';
import { requestOf } from './requests.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-model-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const create = (settings: ModelSettings) =>
  createModel({ settings, clock: systemClock, logger: silentLogger });

test('where the client decides, there is no model', () => {
  expect(create({ provider: 'client' })).toBeUndefined();
});

test('the stub plays the script that the settings name', async () => {
  const scriptPath = join(folder, 'script.json');
  writeFileSync(scriptPath, '[{"decision": {"next_step_name": "draft"}}]');
  const model = create({ provider: 'stub', scriptPath });
  expect(model?.decider).toBe('stub');
  expect(await model?.decide(requestOf())).toMatchObject({ nextStepName: 'draft' });
  expect(await create({ provider: 'stub' })?.decide(requestOf())).toMatchObject({ nextStepName: 'publish' });
  expect(() => create({ provider: 'stub', scriptPath: join(folder, 'absent') })).toThrowError(/absent/);
});

test.each([
  ['gemini', '', geminiWire],
  ['openai', '/v1', openaiWire],
] as const)(
  '%s is asked at its endpoint, and recorded; the replay asks nobody',
  async (provider, path, wire) => {
    const server = await startFakeProvider();
    const recordPath = join(folder, 'decisions.jsonl');
    const settings = {
      provider,
      modelName: 'some-model',
      endpoint: server.origin + path,
      requestTimeoutMs: 5_000,
    };
    server.willReply(wire.text(decisionText({ next_step_name: 'publish' })));
    const decision = await create({ ...settings, recordPath })?.decide(requestOf());
    expect(decision).toMatchObject({ nextStepName: 'publish', decider: provider });
    await server.close();
    const replay = create({ ...settings, replayPath: recordPath });
    expect(replay?.decider).toBe(provider);
    expect(await replay?.decide(requestOf())).toEqual(decision);
  },
);

test('the SDKs are loaded by dynamic import alone', async () => {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('../../../src/ai/create-model.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  const imports = Object.values(bundle.metafile.outputs).flatMap((output) => output.imports);
  const kinds = ['@google/genai', 'openai'].map((sdk) =>
    imports.filter(({ path }) => path === sdk).map(({ kind }) => kind),
  );
  expect(kinds).toEqual([['dynamic-import'], ['dynamic-import']]);
});
