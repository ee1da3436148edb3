import { Transform } from 'node:stream';
import { Fault } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { type RequestId, RequestScanner } from './request-scanner.ts';

export interface RequestGuardParams {
  readonly limits: Pick<Limits, 'requestBytesMax' | 'requestDepthMax'>;
  /** Hears of each line that was held back, with `TOO_LARGE`; the id is null where the line shows none. */
  readonly onRefused: (fault: Fault, id: RequestId | null) => void;
}

const NEWLINE = 0x0a;
/** Room for a line to begin with; it doubles as the line grows. */
const LINE_BYTES_INITIAL = 4_096;

/**
 * Stands between the bytes of a client and a transport that reads a request per line: lets whole lines through, each
 * as one chunk, and holds back those that are too long or too deep, to the last byte. A line that never ends takes no
 * more memory than the longest one that may.
 */
export function createRequestGuard({ limits, onRefused }: RequestGuardParams): Transform {
  const line = createLineBuffer(limits.requestBytesMax);
  let scanner = new RequestScanner();
  let lineBytes = 0;

  function take(piece: Buffer): void {
    lineBytes += piece.length;
    scanner.scan(piece);
    if (!isTooLarge()) line.append(piece);
  }

  function isTooLarge(): boolean {
    return lineBytes > limits.requestBytesMax || scanner.depth > limits.requestDepthMax;
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        take(chunk.subarray(from, end));
        if (isTooLarge()) onRefused(tooLarge(limits, { bytes: lineBytes, depth: scanner.depth }), scanner.id);
        else this.push(line.ended());
        line.clear();
        scanner = new RequestScanner();
        lineBytes = 0;
        from = end + 1;
      }
      take(chunk.subarray(from));
      done();
    },
  });
}

function tooLarge(
  limits: RequestGuardParams['limits'],
  { bytes, depth }: { readonly bytes: number; readonly depth: number },
): Fault {
  if (bytes > limits.requestBytesMax) {
    return new Fault(
      'TOO_LARGE',
      `The request has ${bytes} bytes; at most ${limits.requestBytesMax} are allowed.`,
      {
        hint: 'Nothing has happened. Put large data into a file, and send its path instead.',
        details: { what: 'The request', bytes, bytes_max: limits.requestBytesMax },
      },
    );
  }
  return new Fault(
    'TOO_LARGE',
    `The request is nested ${depth} levels deep; at most ${limits.requestDepthMax} are allowed.`,
    {
      hint: 'Nothing has happened. Flatten it, and send the call again.',
      details: { what: 'The request', depth, depth_max: limits.requestDepthMax },
    },
  );
}

/** Gathers the pieces of a line; bytes that arrive one by one are copied a constant number of times. */
function createLineBuffer(bytesMax: number) {
  let bytes = Buffer.allocUnsafe(Math.min(LINE_BYTES_INITIAL, bytesMax + 1));
  let length = 0;
  return {
    append(piece: Buffer): void {
      const needed = length + piece.length + 1;
      if (needed > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(bytes.length * 2, bytesMax + 1)));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      piece.copy(bytes, length);
      length += piece.length;
    },
    /** A copy of the whole line, its end included. */
    ended(): Buffer {
      bytes[length] = NEWLINE;
      return Buffer.from(bytes.subarray(0, length + 1));
    },
    /** Gives back the room that one long line has taken. */
    clear(): void {
      length = 0;
      if (bytes.length > LINE_BYTES_INITIAL) bytes = Buffer.allocUnsafe(LINE_BYTES_INITIAL);
    },
  };
}
