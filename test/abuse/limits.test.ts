import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../src/domain/json.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import type { Answer } from '../../src/engine/answer.ts';

import { connectRawV1, connectRawV2 } from '../support/mcp-clients.ts';
import type { Mutant } from '../support/mutants.ts';
import type { RawServer } from '../support/raw-server.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { createTestEngine, definition, step } from '../support/test-engine.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { plantedProgram, startCampaign, type Violations } from './subject.ts';

// A1: what is one over a limit is refused with TOO_LARGE and changes nothing; what just fits is taken.

const campaign = startCampaign('A1 limits');

/** Which of the probes a planted defect is held against. */
type Part = 'size' | 'depth' | 'request';

const MUTANTS: readonly (Mutant & { readonly part: Part })[] = [
  {
    name: 'a size limit one byte too generous',
    part: 'size',
    patches: [
      {
        file: 'domain/json-size.ts',
        replace: 'if (bytes > params.bytesMax)',
        by: 'if (bytes > params.bytesMax + 1)',
      },
    ],
  },
  {
    name: 'a size limit one byte too strict',
    part: 'size',
    patches: [
      {
        file: 'domain/json-size.ts',
        replace: 'if (bytes > params.bytesMax)',
        by: 'if (bytes >= params.bytesMax)',
      },
    ],
  },
  {
    name: 'characters counted for bytes',
    part: 'size',
    patches: [
      {
        file: 'domain/json-size.ts',
        replace: 'Buffer.byteLength(JSON.stringify(params.value))',
        by: 'JSON.stringify(params.value).length',
      },
    ],
  },
  {
    name: 'a depth limit one level too generous',
    part: 'depth',
    patches: [{ file: 'domain/json-size.ts', replace: 'depth >= depthMax', by: 'depth > depthMax' }],
  },
  {
    name: 'a request one byte too long let through',
    part: 'request',
    patches: [
      {
        file: 'mcp/request-guard.ts',
        replace: 'return lineBytes > limits.requestBytesMax ||',
        by: 'return lineBytes > limits.requestBytesMax + 1 ||',
      },
    ],
  },
  {
    name: 'no bound on a request',
    part: 'request',
    patches: [
      {
        file: 'mcp/stdio.ts',
        replace: 'new StdioServerTransport(guard)',
        by: 'new StdioServerTransport(process.stdin)',
      },
      { file: 'mcp/stdio.ts', replace: 'pipeline(process.stdin, guard, () => {});', by: '' },
    ],
  },
];

describe('A1: one over and one under every limit', () => {
  test('the program refuses the one and takes the other', async () => {
    const { violations, probes } = await inScratch((scratch) => probeLimits(scratch));
    campaign.report({ probes, violations: violations.length });
    expect(violations).toEqual([]);
    expect(probes).toBeGreaterThanOrEqual(30);
  });

  test.each(MUTANTS)('caught: $name', async (mutant) => {
    const serverFile = await plantedProgram(mutant);
    const { violations } = await inScratch((scratch) =>
      probeLimits(scratch, { serverFile, part: mutant.part }),
    );
    expect(violations).not.toEqual([]);
  });

  test.each([
    ['SDK 1.x', connectRawV1],
    ['SDK 2.x on 2026-07-28', connectRawV2],
  ])('%s: a request that is too large fails alone, with its code', async (_name, connect) => {
    await inScratch(async (scratch) => {
      const { client } = await connect({ env: scratch.env, cwd: scratch.folder });
      scratch.onDispose(() => client.close());
      const call = (message: string) =>
        client.callTool({
          name: 'start_workflow',
          arguments: { workflow_name: 'LOOP', context: { message } },
        });
      for (const bytes of [DEFAULT_LIMITS.requestBytesMax, 11 * 1024 * 1024]) {
        const failure: unknown = await call('x'.repeat(bytes)).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure).toMatchObject({ code: -32600, data: { error_code: 'TOO_LARGE' } });
      }
      expect(await call('short')).not.toMatchObject({ isError: true });
    });
  });

  test.each([
    ['the limit as it is', 0],
    ['caught: a limit off by one', 1],
  ])('transitions of one instance: %s', async (_name, generosity) => {
    const transitionsMax = campaign.times(200, DEFAULT_LIMITS.transitionsMax);
    const loop = (name: string, to: string) => step(name, { transitions: [{ to }] });
    const { engine, close } = await createTestEngine({
      definition: definition([loop('one', 'two'), loop('two', 'one')]),
      limits: { transitionsMax: transitionsMax + generosity },
    });
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST' });
    const advance = () =>
      engine.advance({ instanceId, report: { status: 'success', luck: campaign.random.next() } });
    for (let count = 1; count <= transitionsMax; count += 1)
      expect(await advance()).toMatchObject({ revision: count });
    const codeOf = (error: unknown) => (error as { code?: unknown }).code;
    const outcome = await advance().catch(codeOf);
    if (generosity === 0) {
      expect(outcome).toBe('TOO_LARGE');
      expect(await engine.status({ instanceId })).toMatchObject({
        revision: transitionsMax,
        status: 'RUNNING',
      });
      // What the hint of the error advises.
      expect(await engine.cancel({ instanceId })).toMatchObject({ status: 'CANCELLED' });
    } else expect(outcome).not.toBe('TOO_LARGE');
    await close();
  });
});

interface Probe {
  readonly what: string;
  /** Sent to a run that has just been started with this context. */
  readonly startContext?: JsonValue;
  readonly arguments: (instanceId: string) => Readonly<Record<string, unknown>>;
  readonly tool: 'start_workflow' | 'advance_workflow';
  readonly fits: boolean;
}

/** Against a planted defect, the first violation is enough. */
async function probeLimits(scratch: Scratch, planted?: { readonly serverFile: string; readonly part: Part }) {
  const violations: string[] = [];
  const server = scratch.startServer({ serverFile: planted?.serverFile });
  await server.initialize();
  const isDue = (part: Part) => planted === undefined || (planted.part === part && violations.length === 0);
  const sizes = sizeProbes();
  const depths = depthProbes();
  for (const probe of sizes) if (isDue('size')) violations.push(...(await tryProbe(server, probe)));
  for (const probe of depths) if (isDue('depth')) violations.push(...(await tryProbe(server, probe)));
  if (isDue('request')) violations.push(...(await probeRequests(server)));
  if (planted === undefined) violations.push(...(await isAlive(server)));
  return { violations, probes: sizes.length + depths.length + REQUEST_PROBES };
}

function sizeProbes(): readonly Probe[] {
  const { reportBytesMax, contextUpdateBytesMax, contextBytesMax } = DEFAULT_LIMITS;
  const room = 100;
  const letters = campaign.times(2, 4);
  return [1, 0, -1].flatMap((over) =>
    ['😀', 'x', '"', '\u0001'].slice(0, letters).flatMap((letter): readonly Probe[] => {
      const suffix = `${over >= 0 ? '+' : ''}${over} bytes of ${JSON.stringify(letter)}`;
      const fits = over <= 0;
      return [
        {
          what: `report ${suffix}`,
          tool: 'advance_workflow',
          arguments: (instance_id) => ({
            instance_id,
            report: filled({ status: 'success' }, reportBytesMax + over, letter),
          }),
          fits,
        },
        {
          what: `context_updates ${suffix}`,
          tool: 'advance_workflow',
          arguments: (instance_id) => ({
            instance_id,
            report: { status: 'success' },
            context_updates: filled({}, contextUpdateBytesMax + over, letter),
          }),
          fits,
        },
        {
          what: `start context ${suffix}`,
          tool: 'start_workflow',
          arguments: () => ({ workflow_name: 'LOOP', context: filled({}, contextBytesMax + over, letter) }),
          fits,
        },
        {
          what: `context after an update ${suffix}`,
          startContext: filled({}, contextBytesMax - room, letter),
          tool: 'advance_workflow',
          arguments: (instance_id) => ({
            instance_id,
            report: { status: 'success' },
            // `,"k":"..."` adds seven bytes besides the text.
            context_updates: { k: 'y'.repeat(room - 7 + over) },
          }),
          fits,
        },
      ];
    }),
  );
}

/** The object with one more member, so that its JSON has exactly so many bytes. */
function filled(object: Readonly<Record<string, string>>, bytes: number, letter: string): JsonValue {
  const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  const rest = bytes - size({ ...object, filler: '' });
  const letters = Math.floor(rest / (size(letter) - 2));
  const text = letter.repeat(letters);
  return { ...object, filler: text + 'x'.repeat(bytes - size({ ...object, filler: text })) };
}

function depthProbes(): readonly Probe[] {
  const { jsonDepthMax } = DEFAULT_LIMITS;
  return [-1, 0, 1, 30].flatMap((over): readonly Probe[] => {
    // One level is the object that holds it.
    const deep = nested(jsonDepthMax + over - 1);
    const fits = over <= 0;
    return [
      {
        what: `depth of a report ${over}`,
        tool: 'advance_workflow',
        arguments: (instance_id) => ({ instance_id, report: { status: 'success', deep } }),
        fits,
      },
      {
        what: `depth of context_updates ${over}`,
        tool: 'advance_workflow',
        arguments: (instance_id) => ({
          instance_id,
          report: { status: 'success' },
          context_updates: { deep },
        }),
        fits,
      },
      {
        what: `depth of a start context ${over}`,
        tool: 'start_workflow',
        arguments: () => ({ workflow_name: 'LOOP', context: { deep } }),
        fits,
      },
    ];
  });
}

/** Objects and arrays inside each other, by turns. */
function nested(depth: number): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

async function tryProbe(server: RawServer, probe: Probe): Promise<Violations> {
  const started = await server.callTool('start_workflow', {
    workflow_name: 'LOOP',
    context: probe.startContext ?? { untouched: true },
  });
  const before = started.body as Answer;
  const { isError, body } = await server.callTool(probe.tool, probe.arguments(before.instance_id));
  const { error_code } = body as { error_code?: string };
  if (probe.fits) return isError ? [`${probe.what}: refused with ${error_code}`] : [];
  const violations = isError && error_code === 'TOO_LARGE' ? [] : [`${probe.what}: ${error_code ?? 'taken'}`];
  const { body: after } = await server.callTool('get_workflow_status', { instance_id: before.instance_id });
  const same = JSON.stringify({ ...(after as Answer), definition_changed: undefined });
  if (same !== JSON.stringify({ ...before, definition_changed: undefined }))
    violations.push(`${probe.what}: the instance changed`);
  return violations;
}

const REQUEST_PROBES = 14;

/** Requests as lines of exactly so many bytes or levels, with the id at their start or end. */
async function probeRequests(server: RawServer): Promise<Violations> {
  const { requestBytesMax, requestDepthMax } = DEFAULT_LIMITS;
  const violations: string[] = [];
  let id = 1_000;
  const probe = async (what: string, fits: boolean, line: (id: number) => string) => {
    id += 1;
    const ownId = id;
    await server.write(`${line(ownId)}\n`);
    // The canary proves that the server reads on; lines are read in order.
    const canary = server.send('ping');
    await server.answerTo(canary).catch((error: unknown) => violations.push(`${what}: ${String(error)}`));
    const answer = server.received(ownId);
    const refused =
      answer?.error?.code === -32600 &&
      (answer.error.data as { error_code?: string } | undefined)?.error_code === 'TOO_LARGE';
    if (fits ? answer?.result === undefined : !refused)
      violations.push(
        `${what}: ${answer === undefined ? 'no answer' : JSON.stringify(answer).slice(0, 200)}`,
      );
  };
  const orders = {
    'id first': (own: number, rest: string) =>
      `{"jsonrpc":"2.0","id":${own},"method":"ping","params":{${rest}`,
    'id last': (own: number, rest: string) =>
      `{"method":"ping","params":{${rest},"jsonrpc":"2.0","id":${own}`,
  };
  for (const [order, head] of Object.entries(orders)) {
    for (const over of [-1, 0, 1, 9 * 1024 * 1024]) {
      await probe(`request ${over} bytes, ${order}`, over <= 0, (own) => {
        const text = `${head(own, '}')}}`;
        return text + ' '.repeat(Math.max(0, requestBytesMax + over - text.length));
      });
    }
    for (const over of [0, 1, 100_000]) {
      await probe(`request ${over} levels, ${order}`, over <= 0, (own) => {
        // `params` and the request itself are two levels.
        const levels = requestDepthMax + over - 2;
        return `${head(own, `"x":${'['.repeat(levels)}${']'.repeat(levels)}}`)}}`;
      });
    }
  }
  return violations;
}

async function isAlive(server: RawServer): Promise<Violations> {
  const { body } = await server.callTool('start_workflow', { workflow_name: 'LOOP' });
  return (body as Answer).status === 'RUNNING' ? [] : ['the next valid request was not answered'];
}

async function inScratch<Result>(run: (scratch: Scratch) => Promise<Result>): Promise<Result> {
  const scratch = await createScratch();
  try {
    const to = (name: string) => ({ frontMatter: `transitions:\n  - to: ${name}` });
    await scratch.writeWorkflow('LOOP', workflowFiles({ steps: { there: to('back'), back: to('there') } }));
    return await run(scratch);
  } finally {
    await scratch.dispose();
  }
}
