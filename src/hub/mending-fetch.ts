import type { FetchLike } from '@modelcontextprotocol/client';
import { type MendParams, mendEvents } from './mend-events.ts';

export interface MendingFetchParams extends Omit<MendParams, 'exceeded'> {
  /** Told before the body breaks off; `requestBody` is what was posted. */
  readonly onExceeded: (requestBody: unknown) => Error;
}

/**
 * Fetches like `fetch`, but mends the messages in an answer before the SDK refuses them, and breaks off an answer that
 * would fill the memory.
 */
export function createMendingFetch({ bytesMax, onExceeded, mend }: MendingFetchParams): FetchLike {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (response.body === null) return response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const params = { bytesMax, mend, exceeded: () => onExceeded(init?.body) };
    const body = response.body.pipeThrough(isStream ? mendEvents(params) : mendWhole(params));
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}

function mendWhole({ bytesMax, mend, exceeded }: MendParams): TransformStream<Uint8Array, Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) controller.error(exceeded());
      else pieces.push(chunk);
    },
    flush(controller) {
      const text = new TextDecoder().decode(Buffer.concat(pieces));
      const messages = mend(text);
      controller.enqueue(Buffer.from(messages.length > 1 ? `[${messages.join()}]` : (messages[0] ?? text)));
    },
  });
}
