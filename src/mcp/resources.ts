import type { Server } from '@modelcontextprotocol/server';
import type { LoadedWorkflow } from '../definitions/definitions.ts';
import { Fault } from '../domain/errors.ts';
import { toMermaid } from '../domain/graph.ts';
import { listPage } from './page.ts';
import type { McpServerDeps, McpServerParams } from './server.ts';
import { protocolError, resourceNotFound } from './wire-errors.ts';

const AUTHORING_URI = 'orchestrator://docs/authoring';
const MARKDOWN = 'text/markdown';
const JSON_TYPE = 'application/json';
const HISTORY_ENTRIES = 200;

export const DEFINITION_TEMPLATE = 'workflow://definitions/{name}';
export const INSTANCE_TEMPLATE = 'workflow://instances/{id}';

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

interface Content {
  readonly mimeType: string;
  readonly text: string;
}

/** Answers `resources/*`, and tells subscribers what changed. */
export function serveResources(server: Server, deps: McpServerDeps, era: McpServerParams['era']): void {
  const { engine, logger } = deps;

  server.setRequestHandler('resources/list', async ({ params }) => {
    const { workflows, next_cursor } = await listPage(deps, params?.cursor);
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
      resources: params?.cursor === undefined ? [guide, ...definitions] : definitions,
      nextCursor: next_cursor,
    };
  });

  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...TEMPLATES] }));

  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    try {
      const content = await readResource(deps, uri);
      if (content === undefined) throw resourceNotFound(uri);
      return { contents: [{ uri, ...content }] };
    } catch (error) {
      if (error instanceof Fault && error.code === 'INSTANCE_NOT_FOUND') throw resourceNotFound(uri);
      throw protocolError(error, logger);
    }
  });

  // Clients of the 2025 era subscribe by these verbs; for later ones the entry keeps the books itself.
  const subscribed = new Set<string>();
  server.setRequestHandler('resources/subscribe', ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });

  const send = (notification: Promise<void>) =>
    void notification.catch((error: unknown) => logger.debug('A notification could not be sent.', { error }));
  const updated = (uri: string) => {
    if (era === 'modern' || subscribed.has(uri)) send(server.sendResourceUpdated({ uri }));
  };
  const stopInstances = engine.onInstanceChange((instanceId) => {
    updated(instanceUri(instanceId));
    updated(`${instanceUri(instanceId)}/history`);
  });
  const stopWorkflows = engine.onWorkflowsChange(({ names }) => {
    for (const name of names) {
      updated(definitionUri(name));
      updated(`${definitionUri(name)}/graph`);
    }
    send(server.sendResourceListChanged());
    send(server.sendPromptListChanged());
  });
  const previousOnClose = server.onclose;
  server.onclose = () => {
    stopInstances();
    stopWorkflows();
    previousOnClose?.();
  };
}

function definitionUri(name: string): string {
  return `workflow://definitions/${encodeURIComponent(name)}`;
}

function instanceUri(instanceId: string): string {
  return `workflow://instances/${encodeURIComponent(instanceId)}`;
}

async function readResource(deps: McpServerDeps, uri: string): Promise<Content | undefined> {
  if (uri === AUTHORING_URI) return { mimeType: MARKDOWN, text: await deps.authoringGuide() };
  const match = /^workflow:\/\/(definitions|instances)\/([^/?#]+)(?:\/(graph|history))?$/.exec(uri);
  const key = match?.[2] === undefined ? undefined : decodeSegment(match[2]);
  if (match === null || key === undefined) return undefined;
  const [, kind, , part] = match;
  if (kind === 'definitions')
    return part === 'history' ? undefined : readDefinition(deps, key, part === 'graph');
  if (part === 'graph') return undefined;
  const body =
    part === 'history'
      ? await deps.engine.history({ instanceId: key, limit: HISTORY_ENTRIES })
      : await deps.engine.status({ instanceId: key });
  return { mimeType: JSON_TYPE, text: JSON.stringify(body) };
}

async function readDefinition(
  { engine }: McpServerDeps,
  name: string,
  graph: boolean,
): Promise<Content | undefined> {
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

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
