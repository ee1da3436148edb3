import { type Decoder, type Frame, type Framing, type FramingLimits, NOISE_BYTES } from './framing.ts';
import { type SkippedMessage, skipMessage } from './skipped-message.ts';

const NEWLINE = 0x0a;
const CONTENT_LENGTH = /^content-length\s*:\s*(\d{1,15})$/i;
/** Such as `Content-Type: ...`. */
const HEADER = /^[\w-]+\s*:\s/;
/** A line of a header that has no end by then is none. */
const LINE_BYTES_MAX = 8 * 1024;

/** Each message follows a `Content-Length` header and an empty line, as in the Language Server Protocol. */
export const contentLengthFraming: Framing = {
  encode: (json) => `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  createDecoder,
};

function createDecoder(limits: FramingLimits): Decoder {
  let line: Buffer = Buffer.alloc(0);
  /** What the header said; undefined before it did. */
  let announced: number | undefined;
  /** Bytes of the message that have not arrived; undefined outside of one. */
  let missing: number | undefined;
  let pieces: Buffer[] = [];
  let skipped: SkippedMessage | undefined;

  function endLine(): Frame | undefined {
    const text = line.toString('utf8').trim();
    const bytes = line.length;
    line = Buffer.alloc(0);
    const length = CONTENT_LENGTH.exec(text)?.[1];
    if (length !== undefined) announced = Number(length);
    else if (text === '' && announced !== undefined) {
      missing = announced;
      announced = undefined;
      if (missing > limits.messageBytesMax) skipped = skipMessage(limits);
    } else if (text !== '' && !(announced !== undefined && HEADER.test(text))) {
      return { kind: 'noise', text: text.slice(0, NOISE_BYTES), bytes };
    }
    return undefined;
  }

  function endMessage(): Frame {
    const frame: Frame = skipped?.end() ?? { kind: 'message', text: Buffer.concat(pieces).toString('utf8') };
    missing = undefined;
    pieces = [];
    skipped = undefined;
    return frame;
  }

  /** @returns how many bytes of the chunk it took, and what that completed */
  function take(chunk: Buffer): readonly [taken: number, frame: Frame | undefined] {
    if (missing !== undefined) {
      const piece = chunk.subarray(0, missing);
      missing -= piece.length;
      const lost = skipped?.add(piece);
      if (skipped === undefined) pieces.push(piece);
      return [piece.length, lost ?? (missing === 0 ? endMessage() : undefined)];
    }
    const at = chunk.indexOf(NEWLINE);
    line = Buffer.concat([line, at === -1 ? chunk : chunk.subarray(0, at)]);
    const isOver = at !== -1 || line.length > LINE_BYTES_MAX;
    return [at === -1 ? chunk.length : at + 1, isOver ? endLine() : undefined];
  }

  return {
    push(chunk) {
      const frames: Frame[] = [];
      let rest = chunk;
      // A message of no bytes is complete without another one.
      while (rest.length > 0 || missing === 0) {
        const [taken, frame] = take(rest);
        if (frame !== undefined) frames.push(frame);
        if (frame?.kind === 'lost') break;
        rest = rest.subarray(taken);
      }
      return frames;
    },
  };
}
