import { setImmediate as nextTurn } from 'node:timers/promises';

const LF = 0x0a;
const CR = 0x0d;
/** The fields of an event besides its data; of each, the last one counts. */
const FIELD = /^(event|id|retry)(?:: ?(.*))?$/s;
const DATA = /^data(?:: ?(.*))?$/s;

export interface MendParams {
  /** Of a body, or of one event in a stream of them. */
  readonly bytesMax: number;
  /** The messages in a text, as the SDK wants them; none where it has none. */
  readonly mend: (text: string) => readonly string[];
  /** Why there is no more. */
  readonly exceeded: () => Error;
}

/** Passes server-sent events on, each when it is whole, with its message mended. */
export function mendEvents({
  bytesMax,
  mend,
  exceeded,
}: MendParams): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  /** Of the line that is not over. */
  let pieces: Uint8Array[] = [];
  /** Of the event that is not over, however many lines it has. */
  let bytes = 0;
  let lastByte = 0;
  let fields = new Map<string, string>();
  let data: string[] = [];

  function add(piece: Uint8Array): void {
    pieces.push(piece);
    bytes += piece.length;
  }

  function endLine(): Buffer | undefined {
    const line = decoder.decode(Buffer.concat(pieces));
    pieces = [];
    if (line === '') return endEvent();
    const [, field, value = ''] = FIELD.exec(line) ?? [];
    if (field !== undefined) fields.set(field, value);
    const [isData, text = ''] = DATA.exec(line) ?? [];
    if (isData !== undefined) data.push(text);
    return undefined;
  }

  function endEvent(): Buffer | undefined {
    const head = [...fields].map(([name, value]) => `${name}: ${value}\n`).join('');
    const bodies = data.length === 0 ? [''] : bodiesOf(data.join('\n'));
    bytes = 0;
    fields = new Map();
    data = [];
    const event = bodies.map((body) => `${head}${body}`).join('\n');
    return event === '' ? undefined : Buffer.from(`${event}\n`);
  }

  /** What is no message goes on as it came: the SDK says what is wrong with it. */
  function bodiesOf(text: string): readonly string[] {
    const messages = mend(text);
    return (messages.length > 0 ? messages : [text]).map(
      (message) => `data: ${message.replaceAll('\n', '\ndata: ')}\n`,
    );
  }

  return new TransformStream({
    async transform(chunk, controller) {
      let from = 0;
      for (let at = 0; at < chunk.length && bytes <= bytesMax; at++) {
        const byte = chunk[at] ?? 0;
        const isSecondHalf = byte === LF && lastByte === CR;
        lastByte = byte;
        if (byte !== LF && byte !== CR) continue;
        if (!isSecondHalf) {
          add(chunk.subarray(from, at));
          const event = endLine();
          if (event !== undefined) controller.enqueue(event);
        }
        from = at + 1;
      }
      add(chunk.subarray(from));
      if (bytes > bytesMax) controller.error(exceeded());
      // A chunk for each turn of the event loop: a stream without end leaves turns to everything else.
      await nextTurn();
    },
  });
}
