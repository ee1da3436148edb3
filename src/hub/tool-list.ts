import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/client';
import { Fault } from '../domain/errors.ts';
import { canonicalJson } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { Connection } from './connection.ts';
import { cancelled, requestFault } from './faults.ts';
import type { DownstreamTool } from './hub.ts';
import type { HubLimits } from './limits.ts';
import { orAborted } from './or-aborted.ts';
import type { Quote } from './quote.ts';
import { readTools } from './read-tools.ts';
import type { RequestRunner } from './request-runner.ts';
import type { ServerLink } from './server-link.ts';

/** The tools of one server, kept: they are known without asking it again, also while it is down. */
export interface ToolList {
  /** Undefined before they were seen once. */
  known(): readonly DownstreamTool[] | undefined;
  /** How many are left out of those, at least. */
  dropped(): number;
  /** Asks the server, or joins who is asking it. Throws what using a server throws. */
  read(signal?: AbortSignal): Promise<readonly DownstreamTool[]>;
  /** The server says that they changed: they are read again soon. */
  noteChange(): void;
}

export interface ToolListParams {
  readonly server: string;
  readonly link: Pick<ServerLink, 'connect' | 'current'>;
  readonly requests: RequestRunner;
  /** Milliseconds for one page. */
  readonly timeoutMs: number;
  readonly limits: HubLimits;
  readonly quote: Quote;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Called whenever they were read. */
  readonly onRead: (connection: Connection, tools: readonly DownstreamTool[]) => void;
  /** Told when what is known changed. */
  readonly onChange: () => void;
}

interface ReadTools {
  readonly tools: readonly DownstreamTool[];
  readonly dropped: number;
}

export function createToolList(params: ToolListParams): ToolList {
  const { server, link, requests, timeoutMs, limits, quote, timers, logger, onRead, onChange } = params;
  let known: readonly DownstreamTool[] | undefined;
  let knownDropped = 0;
  let reading: Promise<readonly DownstreamTool[]> | undefined;
  let isChangeNoted = false;

  async function readAll(): Promise<readonly DownstreamTool[]> {
    const connection = await link.connect();
    const { tools, dropped } = await readPages(connection);
    const isChanged = canonicalJson(known) !== canonicalJson(tools);
    known = tools;
    knownDropped = dropped;
    onRead(connection, tools);
    if (isChanged) onChange();
    return tools;
  }

  async function readPages(connection: Connection): Promise<ReadTools> {
    const tools = new Map<string, DownstreamTool>();
    const cursors = new Set<string | undefined>();
    let cursor: string | undefined;
    let roomBytes = limits.catalogueBytesMax;
    let dropped = 0;
    let isFull = false;
    do {
      cursors.add(cursor);
      const page = readTools(server, await readPage(connection, cursor), limits);
      dropped += page.dropped;
      for (const tool of page.tools) {
        const bytes = Buffer.byteLength(JSON.stringify(tool));
        isFull ||= tools.size >= limits.toolsMax || bytes > roomBytes;
        // The first of two with one name is the one that is called.
        if (isFull || tools.has(tool.name)) dropped += 1;
        else {
          tools.set(tool.name, tool);
          roomBytes -= bytes;
        }
      }
      cursor = page.cursor;
      isFull ||= cursors.size >= limits.toolPagesMax;
    } while (cursor !== undefined && !cursors.has(cursor) && !isFull);
    // What stands on a page that is not read is not known, and is something.
    if (cursor !== undefined && !cursors.has(cursor)) dropped += 1;
    if (dropped > 0) logger.warn('Some tools of a downstream server cannot be used.', { server, dropped });
    return { tools: [...tools.values()], dropped };
  }

  async function readPage(connection: Connection, cursor: string | undefined): Promise<unknown> {
    try {
      return await requests.run(connection, { ms: timeoutMs }, (control) =>
        connection.listTools(cursor, control),
      );
    } catch (error) {
      // A server that has nothing but resources or prompts.
      if (error instanceof ProtocolError && error.code === ProtocolErrorCode.MethodNotFound) return {};
      throw requestFault(error, { server, quote });
    }
  }

  function read(): Promise<readonly DownstreamTool[]> {
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
    // Those who waited for it may all be gone.
    reading.catch(() => {});
    return reading;
  }

  return {
    known: () => known,
    dropped: () => knownDropped,
    async read(signal) {
      if (signal === undefined) return read();
      return orAborted(read(), signal).catch((error: unknown) => {
        throw signal.aborted ? cancelled() : error;
      });
    },
    noteChange() {
      if (isChangeNoted) return;
      isChangeNoted = true;
      timers.start(limits.catalogueDelayMs, async () => {
        // What is being read already may be older than the change.
        await reading?.catch(() => {});
        isChangeNoted = false;
        if (link.current() === undefined) return;
        await read().catch((error: unknown) => {
          if (error instanceof Fault)
            logger.debug('The tools of a downstream server could not be read.', { server, error });
        });
      });
    },
  };
}
