import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Inspector, installInspector } from '../support/inspector.ts';
import { SERVER_FILE } from '../support/mcp-clients.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { relayFiles } from '../support/workflow-files.ts';

const TOOLS = [
  'list_workflows',
  'start_workflow',
  'advance_workflow',
  'resume_workflow',
  'get_workflow_status',
  'list_instances',
  'get_workflow_history',
  'cancel_workflow',
  'get_howto_create_workflow_content',
];

let inspector: Inspector;
let scratch: Scratch;

beforeAll(async () => {
  inspector = await installInspector();
  scratch = await createScratch();
  await mkdir(join(scratch.folder, 'inspector-home'));
  await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
});

afterAll(() => scratch?.dispose());

test('the Inspector lists the tools, and finds nothing in their schemas that a client could not take', async () => {
  // `--strict` ends with an error where a schema is not portable.
  const { tools } = await inspect<{ tools: readonly { name: string; outputSchema?: object }[] }>(
    '--method',
    'tools/list',
    '--strict',
  );
  expect(tools.map(({ name }) => name)).toEqual(TOOLS);
  expect(tools.filter(({ outputSchema }) => outputSchema === undefined)).toEqual([]);
});

test('the Inspector calls a tool, reads a resource and lists the prompts', async () => {
  const call = [
    '--method',
    'tools/call',
    '--tool-name',
    'start_workflow',
    '--tool-arg',
    'workflow_name=RELAY',
  ];
  const { structuredContent } = await inspect<{ structuredContent: { instance_id: string } }>(...call);
  expect(structuredContent).toMatchObject({ status: 'RUNNING', next_step: { step_name: 'run_first' } });

  const uri = `workflow://instances/${structuredContent.instance_id}`;
  const { contents } = await inspect<{ contents: readonly { text: string }[] }>(
    '--method',
    'resources/read',
    '--uri',
    uri,
  );
  expect(JSON.parse(contents[0]?.text ?? '')).toMatchObject({ instance_id: structuredContent.instance_id });

  const { prompts } = await inspect<{ prompts: readonly { name: string }[] }>('--method', 'prompts/list');
  expect(prompts.map(({ name }) => name)).toEqual(['RELAY']);
});

/** The result of one request that the Inspector's command line makes to a server of its own. */
async function inspect<Result>(...request: readonly string[]): Promise<Result> {
  const variables = Object.entries({ ...scratch.env, LOG_LEVEL: 'error' });
  const { stdout } = await promisify(execFile)(
    inspector.nodePath,
    [
      inspector.launcher,
      '--cli',
      ...variables.flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      process.execPath,
      SERVER_FILE,
      ...request,
    ],
    {
      cwd: scratch.folder,
      env: { PATH: process.env.PATH, HOME: join(scratch.folder, 'inspector-home'), NO_COLOR: '1' },
    },
  );
  return JSON.parse(stdout) as Result;
}
