import type { LoadedWorkflow } from '../definitions/definitions.ts';
import { Fault } from '../domain/errors.ts';
import { toMermaid } from '../domain/graph.ts';
import type { Engine } from '../engine/engine.ts';
import type { ResourceContent, ResourceProvider } from './resource-provider.ts';
import type { ToolDeps } from './tool.ts';
import { decodeSegment } from './uri-segment.ts';

const AUTHORING_URI = 'orchestrator://docs/authoring';
const MARKDOWN = 'text/markdown';
const JSON_TYPE = 'application/json';
const HISTORY_ENTRIES = 200;
/** More than one completion can show, so that the client hears that there are more. */
const INSTANCE_IDS_MAX = 101;

const DEFINITION_TEMPLATE = 'workflow://definitions/{name}';
const INSTANCE_TEMPLATE = 'workflow://instances/{id}';

const TEMPLATES = [
  {
    uriTemplate: DEFINITION_TEMPLATE,
    name: 'definition',
    description: 'The files of a workflow',
    mimeType: MARKDOWN,
  },
  {
    uriTemplate: `${DEFINITION_TEMPLATE}/graph`,
    name: 'definition-graph',
    description: 'The steps of a workflow as a Mermaid flow chart',
    mimeType: 'text/vnd.mermaid',
  },
  {
    uriTemplate: INSTANCE_TEMPLATE,
    name: 'instance',
    description: 'Where a run stands',
    mimeType: JSON_TYPE,
  },
  {
    uriTemplate: `${INSTANCE_TEMPLATE}/history`,
    name: 'instance-history',
    description: `The first ${HISTORY_ENTRIES} entries of a run's history; get_workflow_history pages through all`,
    mimeType: JSON_TYPE,
  },
] as const;

/** Definitions, their graphs, runs and the authoring guide. */
export function createWorkflowResources({ engine, authoringGuide }: ToolDeps): ResourceProvider {
  return {
    templates: TEMPLATES,

    async list(cursor) {
      const { workflows, next_cursor } = await engine.listWorkflows({ cursor });
      const definitions = workflows.map(({ name, description }) => ({
        uri: definitionUri(name),
        name,
        description,
        mimeType: MARKDOWN,
      }));
      const guide = {
        uri: AUTHORING_URI,
        name: 'authoring',
        description: 'How to write workflow files',
        mimeType: MARKDOWN,
      };
      return {
        resources: cursor === undefined ? [guide, ...definitions] : definitions,
        nextCursor: next_cursor,
      };
    },

    async read(uri) {
      if (uri === AUTHORING_URI) return { mimeType: MARKDOWN, text: await authoringGuide() };
      try {
        return await readWorkflowResource(engine, uri);
      } catch (error) {
        if (error instanceof Fault && error.code === 'INSTANCE_NOT_FOUND') return undefined;
        throw error;
      }
    },

    async complete(uriTemplate, _variable, typed) {
      if (uriTemplate.startsWith(DEFINITION_TEMPLATE)) return engine.workflowNames();
      if (uriTemplate.startsWith(INSTANCE_TEMPLATE))
        return engine.completeInstanceId(typed, INSTANCE_IDS_MAX);
      return undefined;
    },

    watch({ updated, listChanged }) {
      const stopInstances = engine.onInstanceChange((instanceId) => {
        updated(instanceUri(instanceId));
        updated(`${instanceUri(instanceId)}/history`);
      });
      const stopWorkflows = engine.onWorkflowsChange(({ names }) => {
        for (const name of names) {
          updated(definitionUri(name));
          updated(`${definitionUri(name)}/graph`);
        }
        listChanged();
      });
      return () => {
        stopInstances();
        stopWorkflows();
      };
    },
  };
}

function definitionUri(name: string): string {
  return `workflow://definitions/${encodeURIComponent(name)}`;
}

function instanceUri(instanceId: string): string {
  return `workflow://instances/${encodeURIComponent(instanceId)}`;
}

async function readWorkflowResource(engine: Engine, uri: string): Promise<ResourceContent | undefined> {
  const match = /^workflow:\/\/(definitions|instances)\/([^/?#]+)(?:\/(graph|history))?$/.exec(uri);
  const key = match?.[2] === undefined ? undefined : decodeSegment(match[2]);
  if (match === null || key === undefined) return undefined;
  const [, kind, , part] = match;
  if (kind === 'definitions')
    return part === 'history' ? undefined : readDefinition(engine, key, part === 'graph');
  if (part === 'graph') return undefined;
  const body =
    part === 'history'
      ? await engine.history({ instanceId: key, limit: HISTORY_ENTRIES })
      : await engine.status({ instanceId: key });
  return { mimeType: JSON_TYPE, text: JSON.stringify(body) };
}

async function readDefinition(
  engine: Engine,
  name: string,
  graph: boolean,
): Promise<ResourceContent | undefined> {
  const loaded = await engine.findWorkflow(name);
  if (loaded === undefined) return undefined;
  if (!loaded.usable) return { mimeType: MARKDOWN, text: brokenText(loaded) };
  if (graph) return { mimeType: 'text/vnd.mermaid', text: toMermaid(loaded.pinned.definition) };
  const text = loaded.sources.map((source) => `<!-- ${source.path} -->\n${source.text}`).join('\n');
  return { mimeType: MARKDOWN, text };
}

function brokenText({ name, diagnostics }: LoadedWorkflow): string {
  const lines = diagnostics.map(
    ({ file, place, message }) => `- ${file}:${place?.line ?? 1}:${place?.column ?? 1}: ${message}`,
  );
  return `# ${name}\n\nThis workflow cannot be started:\n\n${lines.join('\n')}\n`;
}
