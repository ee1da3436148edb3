import type { FetchLike } from '@modelcontextprotocol/client';

export interface BoundedFetchParams {
  /** Of a body, or of one event in a stream of them. */
  readonly bytesMax: number;
  /** Told before the body breaks off; `requestBody` is what was posted. */
  readonly onExceeded: (requestBody: unknown) => Error;
}

/** Fetches like `fetch`, but breaks off an answer that would fill the memory. */
export function createBoundedFetch({ bytesMax, onExceeded }: BoundedFetchParams): FetchLike {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (response.body === null) return response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const exceeded = () => onExceeded(init?.body);
    const body = response.body.pipeThrough(
      isStream ? boundEvents(bytesMax, exceeded) : boundWhole(bytesMax, exceeded),
    );
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}

type Bound = TransformStream<Uint8Array, Uint8Array>;

function boundWhole(bytesMax: number, exceeded: () => Error): Bound {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) controller.error(exceeded());
      else controller.enqueue(chunk);
    },
  });
}

/** The message of an event is one `data:` line, so that no line may be longer than a message. */
function boundEvents(bytesMax: number, exceeded: () => Error): Bound {
  /** Of the line that goes on in the next chunk. */
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      let longest = 0;
      for (let at = 0; at < chunk.length; ) {
        const newline = chunk.indexOf(0x0a, at);
        const end = newline === -1 ? chunk.length : newline;
        bytes += end - at;
        longest = Math.max(longest, bytes);
        if (newline !== -1) bytes = 0;
        at = end + 1;
      }
      if (longest > bytesMax) controller.error(exceeded());
      else controller.enqueue(chunk);
    },
  });
}
