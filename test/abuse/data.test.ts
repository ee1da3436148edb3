import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Answer } from '../../src/engine/answer.ts';
import type { createEngine as createEngineOfSources } from '../../src/engine/engine.ts';
import type { InstancePage } from '../../src/engine/listings.ts';
import type { Mutant } from '../support/mutants.ts';
import type { RawServer } from '../support/raw-server.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { createTestEngine, definition, step } from '../support/test-engine.ts';
import { workflowFiles } from '../support/workflow-files.ts';
import { plantedEngineRoom, plantedProgram, startCampaign } from './subject.ts';

// A12: data comes back exactly as it was sent, or is refused with a code; it is never code, a query or a command.

const campaign = startCampaign('A12 data');

const ENGINE_MUTANTS: readonly Mutant[] = [
  {
    name: 'contexts merged by assignment',
    patches: [
      {
        file: 'domain/json.ts',
        replace: 'return Object.fromEntries(parts.flatMap((part) => Object.entries(part ?? {})));',
        by: 'const merged: Record<string, JsonValue> = {}; for (const part of parts) for (const key of Object.keys(part ?? {})) merged[key] = (part as JsonObject)[key] as JsonValue; return merged;',
      },
    ],
  },
];

const PROGRAM_MUTANTS: readonly Mutant[] = [
  {
    name: 'arguments copied by assignment',
    patches: [
      {
        file: 'mcp/tools/start-workflow.ts',
        replace: 'context: args.context,',
        by: 'context: args.context && Object.assign({}, args.context),',
      },
    ],
  },
  {
    name: 'text tidied up on its way to the file',
    patches: [
      {
        file: 'store/sqlite/columns.ts',
        replace: 'value === null ? null : JSON.stringify(value)',
        by: "value === null ? null : JSON.stringify(value).normalize('NFC')",
      },
    ],
  },
  {
    name: 'numbers that become null are let through',
    patches: [{ file: 'domain/json-size.ts', replace: 'if (infinite)', by: 'if (infinite && deeper)' }],
  },
  {
    name: 'control characters reach the terminal',
    patches: [
      {
        file: 'cli/terminal.ts',
        replace: String.raw`return text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');`,
        by: 'return text;',
      },
    ],
  },
  {
    name: 'what every object has counts as a variable',
    patches: [
      {
        file: 'domain/template.ts',
        replace: 'Object.hasOwn(',
        by: '((of: object, key: string) => key in of)(',
      },
    ],
  },
];

const PIECES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  'toJSON',
  '$ref',
  '$where',
  "'; DROP TABLE workflow_instances; --",
  '" OR "1"="1',
  '%',
  '_',
  '?',
  ':name',
  '@p',
  '$1',
  '$.a[0]',
  "$['x']",
  '[*]',
  '.',
  '..',
  'a.b',
  'a[0]',
  '{{ context.a }}',
  '{{file:x.md}}',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\r',
  '\n',
  '\t',
  '\u0000',
  '\u007f',
  '\u009b',
  '\u2028',
  '\ufeff',
  '\ud800',
  '\udc00',
  '😀',
  'e\u0301',
  '\u00e9',
  '\u202e',
  '0',
  '1',
  '-0',
  ' ',
  '',
  '\\',
  '/',
  '"',
  '<script>',
  '</data>',
  '```',
] as const;
const pieces = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 3 })
  .map((parts) => parts.join(''));
const text = fc.oneof(fc.constantFrom(...PIECES), pieces);
const { value: json } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: false },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(text, tie('value')), { maxLength: 4 })
    .map((members) => Object.fromEntries(members)),
}));
const object = fc
  .array(fc.tuple(text, json), { maxLength: 6 })
  // As it arrives: with own keys, whatever they are called.
  .map((members) => JSON.parse(JSON.stringify(Object.fromEntries(members))) as JsonObject);

/** Each piece as a key and as a value for certain, and then whatever luck makes of them. */
function contexts(count: number): readonly (readonly [JsonObject, JsonObject])[] {
  const certain = PIECES.map((piece) => {
    const context = Object.fromEntries([[piece, { [piece]: piece }]]);
    return [context, context] as const;
  });
  const chosen = fc.sample(fc.tuple(object, object), {
    numRuns: count - certain.length,
    seed: campaign.seed,
  });
  return [...certain, ...chosen];
}

/** The later wins, member by member. */
function merged(one: JsonObject, other: JsonObject): JsonObject {
  return Object.fromEntries(new Map([...Object.entries(one), ...Object.entries(other)]));
}

describe('A12: data that means something elsewhere', () => {
  test('comes back from the engine and its file as it was sent', async () => {
    const found = await roundTrips(campaign.times(300, 10_000));
    campaign.report({ engine: true, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
  });

  test.each(ENGINE_MUTANTS)('caught: $name', async (mutant) => {
    const { createEngine } = await plantedEngineRoom(mutant);
    expect((await roundTrips(300, createEngine)).violations).not.toEqual([]);
  });

  test('comes back over the wire as it was sent, and is only ever data', async () => {
    const found = await overTheWire(campaign.times(200, 2_000));
    campaign.report({ wire: true, ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
  });

  test.each(PROGRAM_MUTANTS)('caught: $name', async (mutant) => {
    expect((await overTheWire(150, await plantedProgram(mutant))).violations).not.toEqual([]);
  });
});

async function roundTrips(count: number, createEngine?: typeof createEngineOfSources) {
  const { engine, second, close } = await createTestEngine({
    definition: definition([step('one', { transitions: [{ to: 'FINISH' }] })]),
    createEngine,
  });
  const other = await second();
  const violations: string[] = [];
  for (const [context, updates] of contexts(count)) {
    const violate = (what: string) => violations.push(`${what}: ${JSON.stringify([context, updates])}`);
    const { instance_id: instanceId } = await engine.start({ workflowName: 'TEST', context });
    const started = await other.status({ instanceId });
    if (!isDeepStrictEqual(started.current_context, context)) violate('a start context is another');
    const report = merged(updates, { status: 'success' }) as JsonObject & { status: string };
    delete (report as { step_id?: unknown }).step_id;
    await engine.advance({ instanceId, report, contextUpdates: updates });
    const advanced = await other.status({ instanceId });
    if (!isDeepStrictEqual(advanced.current_context, merged(context, updates)))
      violate('a context is another');
    const { entries } = await other.history({ instanceId });
    if (!isDeepStrictEqual(entries[1]?.user_report, report)) violate('a report is another');
    if (!isDeepStrictEqual(entries[1]?.context_updates, updates)) violate('updates are others');
    if (({} as { polluted?: unknown }).polluted !== undefined) violate('all objects are polluted');
    if (violations.length > 5) break;
  }
  await close();
  return { contexts: count, violations };
}

/** What a template may not find in a context that does not have it. */
const NOT_VARIABLES = [
  '__proto__',
  'constructor',
  'toString',
  'a.constructor',
  'a.__proto__.b',
  'list.length',
];

async function overTheWire(count: number, serverFile?: string) {
  const scratch = await createScratch();
  try {
    const instructions = [
      '{{ context.shown }}',
      ...NOT_VARIABLES.map((name) => `{{ context.${name} }}`),
    ].join('\n');
    await scratch.writeWorkflow('ECHO', workflowFiles({ steps: { echo: { instructions } } }));
    const server = scratch.startServer({ serverFile });
    await server.initialize();
    const violations: string[] = [];
    let refused = 0;
    for (const [context] of contexts(count)) {
      const { isError, body } = await server.callTool('start_workflow', { workflow_name: 'ECHO', context });
      if (isError) refused += 1;
      const { instance_id } = body as Answer;
      const stored = isError
        ? undefined
        : (await server.callTool('get_workflow_status', { instance_id })).body;
      for (const answer of [body, stored])
        if (!isDeepStrictEqual((answer as Answer | undefined)?.current_context, context))
          violations.push(`${JSON.stringify(context)} came back as ${JSON.stringify(answer)}`);
      if (violations.length > 5) break;
    }
    violations.push(...(await onlyData(scratch, server, serverFile)));
    return { contexts: count, refused, violations };
  } finally {
    await scratch.dispose();
  }
}

async function onlyData(scratch: Scratch, server: RawServer, serverFile: string | undefined) {
  const violations: string[] = [];
  const call = async (name: string, args: object) => (await server.callTool(name, args)).body;
  const countRuns = () =>
    scratch.query<{ runs: number }>('SELECT count(*) AS runs FROM workflow_instances')[0]?.runs;
  const before = countRuns();

  // Numbers that are no numbers any more once they are read.
  for (const number of ['1e999', '-1e999']) {
    const id = server.send('ping');
    await server.answerTo(id);
    const line = `{"jsonrpc":"2.0","id":"${number}","method":"tools/call","params":{"name":"start_workflow","arguments":{"workflow_name":"ECHO","context":{"n":${number}}}}}\n`;
    await server.write(line);
    await server.callTool('list_workflows', {});
    const shown = server.lines.find((each) => each.includes(`"id":"${number}"`)) ?? '';
    if (!shown.includes('INVALID_ARGUMENT')) violations.push(`${number} came back as ${shown.slice(0, 300)}`);
  }

  // A value is not a template, and what every object has is not a variable.
  const hostile = {
    shown: '{{ context.secret }}{{file:/etc/passwd}}\u001b[2J',
    secret: 'not to be shown',
    a: {},
    list: [],
  };
  const started = (await call('start_workflow', { workflow_name: 'ECHO', context: hostile })) as Answer;
  if (started.next_step.instructions.split('\n')[0] !== hostile.shown)
    violations.push('a value was a template');
  const missing = started.missing_context ?? [];
  for (const name of NOT_VARIABLES)
    if (!missing.some((each) => each.endsWith(name))) violations.push(`${name} is not listed as missing`);

  // Filters, cursors and ids are compared, not run.
  const injections = ["ECHO' OR '1'='1", '%', 'ECHO%', '_CHO', '*', "'; DELETE FROM workflow_instances; --"];
  for (const injection of injections) {
    const page = (await call('list_instances', { workflow_name: injection })) as InstancePage;
    if (page.instances?.length !== 0)
      violations.push(`${injection} is a filter for ${page.instances?.length} runs`);
    for (const [tool, args] of [
      ['get_workflow_status', { instance_id: injection }],
      ['get_workflow_history', { instance_id: injection }],
      ['cancel_workflow', { instance_id: injection }],
      ['list_instances', { cursor: injection }],
      ['start_workflow', { workflow_name: injection }],
    ] as const) {
      const { error_code } = (await call(tool, args)) as { error_code?: string };
      if (error_code === undefined || error_code === 'INTERNAL')
        violations.push(`${tool} of ${injection}: ${error_code}`);
    }
    const completion = await server.answerTo(
      server.send('completion/complete', {
        ref: { type: 'ref/resource', uri: 'workflow://instances/{id}' },
        argument: { name: 'id', value: injection },
      }),
    );
    const values = (completion.result?.completion as { values?: readonly string[] } | undefined)?.values;
    if (values?.length !== 0) violations.push(`${injection} completes to ${values?.length} ids`);
  }
  if (countRuns() !== (before ?? 0) + 1) violations.push('runs came or went');

  // A terminal gets no commands.
  for (const args of [
    ['status', started.instance_id],
    ['history', started.instance_id],
    ['status'],
    ['list'],
  ]) {
    const run = scratch.startServer({ serverFile, args });
    await run.exited;
    if (/[^\P{Cc}\n\t]/u.test(run.lines.join('\n') + run.stderr()))
      violations.push(`${args[0]} prints control characters`);
  }
  return violations;
}
