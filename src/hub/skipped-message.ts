import { END_BYTES, type Frame, type FramingLimits } from './framing.ts';

/** The bytes of a message that is too long: only its ends are kept. */
export interface SkippedMessage {
  /** Undefined as long as it may go on. */
  add(bytes: Buffer): Extract<Frame, { kind: 'lost' }> | undefined;
  end(): Extract<Frame, { kind: 'oversized' }>;
}

export function skipMessage(limits: FramingLimits): SkippedMessage {
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return {
    add(more) {
      bytes += more.length;
      if (head.length < END_BYTES) head = Buffer.concat([head, more.subarray(0, END_BYTES - head.length)]);
      // Copied, so that the memory around it can be let go.
      tail = Buffer.concat([tail, more.subarray(-END_BYTES)]).subarray(-END_BYTES);
      if (bytes <= limits.skippedBytesMax) return undefined;
      return { kind: 'lost', problem: `it sent a message of more than ${limits.skippedBytesMax} bytes` };
    },
    end: () => ({ kind: 'oversized', head: head.toString('utf8'), tail: tail.toString('utf8'), bytes }),
  };
}
