import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { type Reply, startFakeProvider } from '../support/fake-provider.ts';
import type { Mutant } from '../support/mutants.ts';
import type { RawServer } from '../support/raw-server.ts';
import { createScratch } from '../support/scratch.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { plantedProgram, startCampaign } from './subject.ts';

// A13: secrets show up nowhere: not in answers, logs, errors, files, or in the environment of other processes.

const campaign = startCampaign('A13 secrets');

/** By where they are put. */
const CANARIES = {
  key: 'canary-key-71c0ffee/+=',
  dotEnvKey: 'canary-dotenv-9a7b5d',
  password: 'canary-password-3e1f',
  unrelated: 'canary-unrelated-60d1',
} as const;

const MUTANTS: readonly Mutant[] = [
  {
    name: 'what a provider says is quoted as it is',
    patches: [
      {
        file: 'ai/provider-faults.ts',
        replace: "(secret ? rest.replaceAll(secret, '[secret]') : rest)",
        by: '(secret === rest ? rest : rest)',
      },
    ],
  },
  {
    name: 'the configuration is logged with its keys',
    patches: [
      {
        file: 'wiring/serve-stdio.ts',
        replace: 'decider: config.ai.provider,',
        by: 'decider: config.ai.provider, ai: config.ai,',
      },
      { file: 'domain/redact.ts', replace: 'rest.replaceAll(form, REPLACEMENT)', by: 'rest' },
    ],
  },
  {
    name: 'a problem of the configuration quotes the value of a secret',
    patches: [
      {
        file: 'config/variables.ts',
        replace: "'This is not an http or https URL. Give",
        by: "process.env.AI_SERVICE_ENDPOINT + 'This is not an http or https URL. Give",
      },
    ],
  },
];

describe('A13: canaries', () => {
  test('are seen nowhere', async () => {
    const found = await searchForCanaries();
    campaign.report({ ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    // The key did get to where it belongs, and the provider did shout it back.
    expect(found.keysSent).toBeGreaterThan(0);
    expect(found.failures).toBeGreaterThan(0);
    expect(found.placesSearched).toBeGreaterThan(10);
  });

  test.each(MUTANTS)('caught: $name', async (mutant) => {
    expect((await searchForCanaries(await plantedProgram(mutant))).violations).not.toEqual([]);
  });
});

async function searchForCanaries(serverFile?: string) {
  const scratch = await createScratch();
  const provider = await startFakeProvider();
  scratch.onDispose(() => provider.close());
  try {
    const violations: string[] = [];
    let placesSearched = 0;
    const search = (place: string, content: string | Uint8Array) => {
      placesSearched += 1;
      const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
      for (const [name, canary] of Object.entries(CANARIES))
        for (const form of [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64')])
          if (text.includes(form)) violations.push(`${name} in ${place}`);
    };
    await scratch.writeWorkflow('CHOICE', workflowFiles({ steps: { choose_way: {}, walk_on: {} } }));
    await scratch.writeWorkflow('BROKEN', { 'index.md': '# Steps\n\n- [gone](gone.md)\n' });
    const endpoint = provider.origin.replace('http://', `http://user:${CANARIES.password}@`);
    const settings = {
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'test-model',
      AI_SERVICE_API_KEY: CANARIES.key,
      AI_SERVICE_ENDPOINT: `${provider.origin}/v1`,
      AI_REQUEST_TIMEOUT_MS: '2000',
      AI_RECORD: join(scratch.folder, 'recorded.jsonl'),
      A_SECRET: CANARIES.unrelated,
      LOG_LEVEL: 'debug',
    };
    await writeFile(join(scratch.folder, '.env'), `GEMINI_API_KEY=${CANARIES.dotEnvKey}\n`);

    let failures = 0;
    let keysSent = 0;
    const environments = [
      settings,
      { ...settings, AI_SERVICE_ENDPOINT: `${endpoint}/v1` },
      { ...settings, AI_PROVIDER: 'gemini', AI_SERVICE_ENDPOINT: provider.origin },
      {
        ...settings,
        AI_PROVIDER: 'gemini',
        AI_SERVICE_API_KEY: '',
        GEMINI_API_KEY: '',
        AI_SERVICE_ENDPOINT: '',
        AI_REPLAY: '',
        AI_RECORD: '',
      },
    ];
    // Against a planted defect, a part of the search is enough.
    for (const env of serverFile === undefined ? environments : [settings]) {
      const server = scratch.startServer({ serverFile, env });
      await server.initialize();
      for (const reply of env.AI_SERVICE_ENDPOINT === '' ? [] : shoutedReplies()) {
        provider.forgetReplies();
        provider.willReply(...Array.from({ length: 4 }, () => reply));
        const started = (await server.callTool('start_workflow', { workflow_name: 'CHOICE' })).body as Answer;
        const { instance_id } = started;
        const { isError } = await server.callTool('advance_workflow', {
          instance_id,
          report: { status: 'success' },
        });
        if (isError) failures += 1;
        await server.callTool('get_workflow_history', { instance_id });
        await server.callTool('resume_workflow', { instance_id, assumed_current_step_name: 'elsewhere' });
        if (failures === 1) violations.push(...(await childrenOf(server)));
      }
      await server.callTool('start_workflow', { workflow_name: 'BROKEN' });
      await server.write(`{"broken ${'x'.repeat(100)}\n`);
      await server.callTool('list_workflows', {});
      server.endInput();
      await server.exited;
      search('answers', server.lines.join('\n'));
      search('the log', server.stderr());
    }
    for (const { headers } of provider.requests)
      if (JSON.stringify(headers).includes(CANARIES.key)) keysSent += 1;

    const commands = [
      [['list'], settings],
      [['status'], settings],
      [['status', 'nobody'], settings],
      [['lint'], settings],
      [['config', 'cline'], settings],
      [['config', 'claude-code', '--json'], settings],
      [['doctor'], settings],
      [['--help'], settings],
      [
        ['serve'],
        { ...settings, AI_SERVICE_ENDPOINT: `ftp://user:${CANARIES.password}@host`, LOG_LEVEL: 'loud' },
      ],
      [
        ['serve'],
        {
          ...settings,
          OPENAI_MODEL_NAME: '',
          WORKFLOW_DB_URL: `postgres://user:${CANARIES.password}@host/db`,
        },
      ],
      [['serve'], { ...settings, WORKFLOW_DB_PATH: scratch.folder }],
    ] as const;
    for (const [args, env] of serverFile === undefined ? commands : commands.slice(-3)) {
      const run = scratch.startServer({ serverFile, args, env });
      run.endInput();
      await run.exited;
      search(`what \`${args.join(' ')}\` prints`, `${run.lines.join('\n')}${run.stderr()}`);
    }
    for (const name of await readdir(scratch.folder, { recursive: true, withFileTypes: true })) {
      if (!name.isFile() || name.name === '.env') continue;
      const path = join(name.parentPath, name.name);
      search(path.slice(scratch.folder.length + 1), await readFile(path));
    }
    return { placesSearched, failures, keysSent, violations };
  } finally {
    await scratch.dispose();
  }
}

/** A provider that tells everyone what it was told. */
function shoutedReplies(): readonly Reply[] {
  const { key, dotEnvKey, password } = CANARIES;
  const shout = `The key ${key} or ${dotEnvKey} or ${password} is not good, Bearer ${key}`;
  return [401, 400, 403, 429].map((status) => ({
    status,
    headers: { 'x-shout': key, ...(status === 429 ? { 'retry-after': '100' } : {}) },
    // The provider's own words, which only ever know the key that they were given.
    body: {
      error: {
        message: shout.replaceAll(dotEnvKey, key).replaceAll(password, key),
        code: status,
        status: 'X',
      },
    },
  }));
}

/** What processes the server has started, and what they were told. Only where the system lets us look. */
async function childrenOf({ pid }: RawServer): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim();
  const environments = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map((child) => readFile(`/proc/${child}/environ`, 'utf8').catch(() => '')),
  );
  return environments
    .filter((environment) => Object.values(CANARIES).some((canary) => environment.includes(canary)))
    .map(() => "a canary in a child's environment");
}
