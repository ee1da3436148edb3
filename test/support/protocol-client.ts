import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { type ConnectParams, connectRawV1, connectRawV2 } from './mcp-clients.ts';

export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export interface ToolResult {
  readonly isError: boolean;
  /** The only text of the result. */
  readonly text: string;
  readonly structuredContent: unknown;
}

export interface ListedPrompt {
  readonly name: string;
  readonly description?: string;
  readonly arguments?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly required?: boolean;
  }[];
}

export interface Completion {
  readonly values: readonly string[];
  readonly total?: number;
  readonly hasMore?: boolean;
}

/** `resource <uri>` for an update, or the list that changed. */
export type Change = `resource ${string}` | 'resources' | 'prompts';

/** The whole protocol as clients of either era see it, through their own SDK, under one set of names. */
export interface ProtocolClient {
  readonly protocolVersion: string | undefined;
  readonly instructions: string | undefined;
  listTools(): Promise<readonly ListedTool[]>;
  /** Checked by the SDK against the tool's output schema, once the tools have been listed. */
  callTool(name: string, args?: object): Promise<ToolResult>;
  listResources(): Promise<
    readonly { readonly uri: string; readonly name: string; readonly mimeType?: string }[]
  >;
  listResourceTemplates(): Promise<readonly { readonly uriTemplate: string; readonly name: string }[]>;
  readResource(
    uri: string,
  ): Promise<{ readonly uri: string; readonly mimeType?: string; readonly text: string }>;
  listPrompts(): Promise<readonly ListedPrompt[]>;
  /** The text of the only message. */
  getPrompt(name: string, args?: Record<string, string>): Promise<string>;
  completeResource(uriTemplate: string, argument: string, typed: string): Promise<Completion>;
  completePrompt(name: string, argument: string, typed: string): Promise<Completion>;
  /** Asks to be told of these resources and of both lists, as its era does. */
  watch(uris: readonly string[]): Promise<void>;
  /** Resolves once the change was announced, at once if it was before. */
  announced(change: Change): Promise<void>;
  /** All changes that were announced so far, in order. */
  readonly changes: readonly Change[];
  close(): Promise<void>;
}

/** SDK 1.x, protocol revisions up to 2025-11-25. */
async function openV1(params: ConnectParams): Promise<ProtocolClient> {
  const { client, transport } = await connectRawV1(params);
  const changes = createChanges();
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params: { uri } }) =>
    changes.add(`resource ${uri}`),
  );
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => changes.add('resources'));
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => changes.add('prompts'));
  return protocolClient({
    client,
    changes,
    protocolVersion: (transport as { readonly protocolVersion?: string }).protocolVersion,
    async watch(uris) {
      for (const uri of uris) await client.subscribeResource({ uri });
    },
  });
}

/** SDK 2.x, protocol revision 2026-07-28. */
async function openV2(params: ConnectParams): Promise<ProtocolClient> {
  const { client } = await connectRawV2(params);
  const changes = createChanges();
  client.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) =>
    changes.add(`resource ${uri}`),
  );
  client.setNotificationHandler('notifications/resources/list_changed', () => changes.add('resources'));
  client.setNotificationHandler('notifications/prompts/list_changed', () => changes.add('prompts'));
  return protocolClient({
    client,
    changes,
    protocolVersion: client.getNegotiatedProtocolVersion(),
    async watch(uris) {
      await client.listen({
        resourceSubscriptions: [...uris],
        resourcesListChanged: true,
        promptsListChanged: true,
      });
    },
  });
}

export const PROTOCOL_CLIENTS = { 'SDK 1.x': openV1, 'SDK 2.x on 2026-07-28': openV2 } as const;

interface Changes {
  readonly all: Change[];
  add(change: Change): void;
  announced(change: Change): Promise<void>;
}

function createChanges(): Changes {
  const all: Change[] = [];
  const waiting = new Map<Change, () => void>();
  return {
    all,
    add(change) {
      all.push(change);
      waiting.get(change)?.();
    },
    announced: (change) =>
      all.includes(change) ? Promise.resolve() : new Promise((resolve) => waiting.set(change, resolve)),
  };
}

type RawClient =
  | Awaited<ReturnType<typeof connectRawV1>>['client']
  | Awaited<ReturnType<typeof connectRawV2>>['client'];

interface ProtocolClientParams {
  readonly client: RawClient;
  readonly changes: Changes;
  readonly protocolVersion: string | undefined;
  readonly watch: ProtocolClient['watch'];
}

function protocolClient({ client, changes, protocolVersion, watch }: ProtocolClientParams): ProtocolClient {
  const complete = async (
    ref: { type: 'ref/resource'; uri: string } | { type: 'ref/prompt'; name: string },
    argument: { name: string; value: string },
  ) => (await client.complete({ ref, argument })).completion;
  return {
    protocolVersion,
    instructions: client.getInstructions(),
    listTools: async () => (await client.listTools()).tools,
    async callTool(name, args = {}) {
      const result = await client.callTool({ name, arguments: { ...args } });
      const content = result.content as readonly { readonly type: string; readonly text?: string }[];
      const [first, ...rest] = content;
      if (first?.type !== 'text' || rest.length > 0)
        throw new Error(`${name} answered with other than one text.`);
      return {
        isError: result.isError === true,
        text: first.text ?? '',
        structuredContent: result.structuredContent,
      };
    },
    listResources: async () => (await client.listResources()).resources,
    listResourceTemplates: async () => (await client.listResourceTemplates()).resourceTemplates,
    async readResource(uri) {
      const { contents } = await client.readResource({ uri });
      const [first] = contents;
      if (first === undefined || !('text' in first) || typeof first.text !== 'string')
        throw new Error(`${uri} is no text.`);
      return { ...first, text: first.text };
    },
    listPrompts: async () => (await client.listPrompts()).prompts,
    async getPrompt(name, args = {}) {
      const { messages } = await client.getPrompt({ name, arguments: args });
      const [first] = messages;
      if (first?.content.type !== 'text' || messages.length > 1)
        throw new Error(`The prompt ${name} is other than one text.`);
      return first.content.text;
    },
    completeResource: (uri, name, value) => complete({ type: 'ref/resource', uri }, { name, value }),
    completePrompt: (prompt, name, value) => complete({ type: 'ref/prompt', name: prompt }, { name, value }),
    watch,
    announced: changes.announced,
    changes: changes.all,
    close: () => client.close(),
  };
}
