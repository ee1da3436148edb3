import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { ProtocolClient } from '../support/protocol-client.ts';
import { relayFiles, workflowFiles } from '../support/workflow-files.ts';
import { scenarioPerProtocol } from './scenario.ts';

const AUTHORING_GUIDE = new URL('../../docs/guides/authoring.md', import.meta.url);

scenarioPerProtocol(
  'definitions, graphs, instances, histories and the guide are read as resources',
  ['resources-served', 'section-byte-for-byte'],
  async (scratch, open) => {
    const files = relayFiles(['run_first', 'run_second']);
    await scratch.writeWorkflow('RELAY RACE', files);
    await scratch.writeWorkflow('BROKEN', { 'index.md': '- [gone](gone.md)\n' });
    const client = await scratch.connect(open);
    const instanceId = await start(client, 'RELAY RACE');

    expect((await client.listResources()).map(({ uri, name }) => [uri, name])).toEqual([
      ['orchestrator://docs/authoring', 'authoring'],
      ['workflow://definitions/BROKEN', 'BROKEN'],
      ['workflow://definitions/RELAY%20RACE', 'RELAY RACE'],
    ]);
    expect((await client.listResourceTemplates()).map(({ uriTemplate }) => uriTemplate)).toEqual([
      'workflow://definitions/{name}',
      'workflow://definitions/{name}/graph',
      'workflow://instances/{id}',
      'workflow://instances/{id}/history',
    ]);

    const definition = await client.readResource('workflow://definitions/RELAY%20RACE');
    expect(definition.mimeType).toBe('text/markdown');
    for (const text of Object.values(files)) expect(definition.text).toContain(text);

    const graph = await client.readResource('workflow://definitions/RELAY%20RACE/graph');
    expect(graph.text).toMatch(/^(flowchart|graph) /m);
    for (const name of ['run_first', 'run_second', 'FINISH']) expect(graph.text).toContain(name);

    const broken = await client.readResource('workflow://definitions/BROKEN');
    expect(broken.text).toMatch(/index\.md:1:\d+: .*gone\.md/);

    const instance = await client.readResource(`workflow://instances/${instanceId}`);
    const status = await client.callTool('get_workflow_status', { instance_id: instanceId });
    expect(instance.mimeType).toBe('application/json');
    expect(JSON.parse(instance.text)).toEqual(status.structuredContent);

    const history = await client.readResource(`workflow://instances/${instanceId}/history`);
    const listed = await client.callTool('get_workflow_history', { instance_id: instanceId });
    expect(JSON.parse(history.text)).toEqual(listed.structuredContent);

    const guide = await client.readResource('orchestrator://docs/authoring');
    expect(guide.text).toBe(await readFile(AUTHORING_GUIDE, 'utf8'));
    const howTo = await client.callTool('get_howto_create_workflow_content');
    expect(howTo.structuredContent).toEqual({ content: guide.text });

    for (const uri of [
      'workflow://definitions/NOWHERE',
      'workflow://definitions/..%2F..%2Fetc',
      'workflow://definitions/RELAY%20RACE/steps',
      'workflow://instances/nobody',
      'workflow://instances/nobody/history',
      'file:///etc/passwd',
    ])
      await expect(client.readResource(uri), uri).rejects.toThrow();
  },
);

scenarioPerProtocol(
  'names, ids and enumerated inputs are completed',
  ['completions-served'],
  async (scratch, open) => {
    await scratch.writeWorkflow('ALPHA', relayFiles(['only_step']));
    await scratch.writeWorkflow('ALMOND', relayFiles(['only_step']));
    await scratch.writeWorkflow(
      'BETA',
      workflowFiles({
        frontMatter: [
          'inputs:',
          '  type: object',
          '  properties:',
          '    colour: {type: string, enum: [red, russet, green]}',
          '    size: {type: integer, examples: [1, 10]}',
        ].join('\n'),
        steps: { only_step: {} },
      }),
    );
    const client = await scratch.connect(open);
    const instanceId = await start(client, 'ALPHA');
    const definitions = (typed: string) =>
      client.completeResource('workflow://definitions/{name}', 'name', typed);
    const instances = (typed: string) => client.completeResource('workflow://instances/{id}', 'id', typed);

    expect((await definitions('al')).values).toEqual(['ALMOND', 'ALPHA']);
    expect((await definitions('')).values).toEqual(['ALMOND', 'ALPHA', 'BETA']);
    expect((await definitions('x')).values).toEqual([]);
    expect((await instances(instanceId.slice(0, 6))).values).toEqual([instanceId]);
    expect((await instances('%')).values).toEqual([]);
    expect((await client.completePrompt('BETA', 'colour', 'r')).values).toEqual(['red', 'russet']);
    expect((await client.completePrompt('BETA', 'size', '1')).values).toEqual(['1', '10']);
    expect((await client.completePrompt('ALPHA', 'colour', '')).values).toEqual([]);
  },
);

scenarioPerProtocol(
  'a watcher hears of an advance, and of workflows that come and change',
  ['updates-announced', 'files-read-again'],
  async (scratch, open) => {
    await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second', 'run_third']));
    const client = await scratch.connect(open);
    const [watched, unwatched] = [await start(client, 'RELAY'), await start(client, 'RELAY')];
    await client.watch([
      `workflow://instances/${watched}`,
      `workflow://instances/${watched}/history`,
      'workflow://definitions/RELAY',
    ]);
    const advance = (instance_id: string) =>
      client.callTool('advance_workflow', { instance_id, report: { status: 'success' } });

    await advance(unwatched);
    await advance(watched);
    await client.announced(`resource workflow://instances/${watched}`);
    await client.announced(`resource workflow://instances/${watched}/history`);
    expect(client.changes.filter((change) => change.includes(unwatched))).toEqual([]);

    await scratch.writeWorkflow('LATER', relayFiles(['only_step']));
    await client.announced('resources');
    await client.announced('prompts');
    expect((await client.listPrompts()).map(({ name }) => name)).toEqual(['LATER', 'RELAY']);

    await scratch.writeWorkflow('RELAY', relayFiles(['run_first', 'run_second']));
    await client.announced('resource workflow://definitions/RELAY');
    const { text } = await client.readResource('workflow://definitions/RELAY');
    expect(text).not.toContain('run_third');
  },
);

scenarioPerProtocol(
  'every workflow is a prompt, its inputs the arguments',
  ['workflows-are-prompts', 'inputs-checked'],
  async (scratch, open) => {
    await scratch.writeWorkflow(
      'GREET',
      workflowFiles({
        frontMatter: [
          'description: Greet someone.',
          'inputs:',
          '  type: object',
          '  required: [name]',
          '  properties:',
          '    name: {type: string, description: Who is greeted.}',
          '    times: {type: integer, minimum: 1}',
          '    loud: {type: boolean}',
        ].join('\n'),
        steps: { say_hello: { instructions: 'Greet {{ context.name }} {{ context.times }} times.' } },
      }),
    );
    await scratch.writeWorkflow('PLAIN', relayFiles(['only_step']));
    await scratch.writeWorkflow('BROKEN', { 'index.md': '# Nothing\n' });
    const client = await scratch.connect(open);

    expect(await client.listPrompts()).toEqual([
      {
        name: 'GREET',
        description: 'Greet someone.',
        arguments: [
          { name: 'name', description: 'Who is greeted.', required: true },
          { name: 'times', required: false },
          { name: 'loud', required: false },
        ],
      },
      { name: 'PLAIN', description: 'It shows what the test is about.', arguments: [] },
    ]);

    // The prompt says what to call: doing so starts a run whose inputs have their types.
    const text = await client.getPrompt('GREET', { name: 'Ada "the first"', times: '2', loud: 'true' });
    const call: unknown = JSON.parse(/start_workflow with (\{.*?\}), carry/.exec(text)?.[1] ?? '');
    expect(call).toEqual({
      workflow_name: 'GREET',
      context: { name: 'Ada "the first"', times: 2, loud: true },
    });
    const started = await client.callTool('start_workflow', call as object);
    expect((started.structuredContent as Answer).next_step.instructions).toBe(
      'Greet Ada "the first" 2 times.',
    );

    expect(await client.getPrompt('PLAIN')).toContain('{"workflow_name":"PLAIN"}');
    await expect(client.getPrompt('GREET', { times: '2' })).rejects.toThrow(/name/);
    await expect(client.getPrompt('GREET', { name: 'Ada', times: 'twice' })).rejects.toThrow(/times/);
    await expect(client.getPrompt('BROKEN')).rejects.toThrow(/BROKEN/);
    await expect(client.getPrompt('NOWHERE')).rejects.toThrow(/NOWHERE/);

    const wrong = await client.callTool('start_workflow', {
      workflow_name: 'GREET',
      context: { name: 'Ada', times: 0 },
    });
    expect(wrong).toMatchObject({
      isError: true,
      structuredContent: { error_code: 'INPUTS_INVALID', message: expect.stringContaining('times') },
    });
  },
);

async function start(client: ProtocolClient, workflow_name: string): Promise<string> {
  const { structuredContent } = await client.callTool('start_workflow', { workflow_name });
  return (structuredContent as Answer).instance_id;
}
