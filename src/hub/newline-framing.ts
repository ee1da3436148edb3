import { type Decoder, type Frame, type Framing, type FramingLimits, NOISE_BYTES } from './framing.ts';
import { type SkippedMessage, skipMessage } from './skipped-message.ts';

const NEWLINE = 0x0a;

/** A message is a line: the framing of the protocol. */
export const newlineFraming: Framing = {
  encode: (json) => `${json}\n`,
  createDecoder,
};

function createDecoder(limits: FramingLimits): Decoder {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let skipped: SkippedMessage | undefined;

  /** The rest of a line, or a piece from its middle. */
  function add(piece: Buffer): Frame | undefined {
    if (skipped !== undefined) return skipped.add(piece);
    pieces.push(piece);
    bytes += piece.length;
    if (bytes <= limits.messageBytesMax) return undefined;
    skipped = skipMessage(limits);
    const start = Buffer.concat(pieces);
    pieces = [];
    return skipped.add(start);
  }

  function endLine(): Frame | undefined {
    const line = skipped === undefined ? Buffer.concat(pieces, bytes) : undefined;
    const frame = line === undefined ? skipped?.end() : readLine(line);
    pieces = [];
    bytes = 0;
    skipped = undefined;
    return frame;
  }

  return {
    push(chunk) {
      const frames: Frame[] = [];
      let rest = chunk;
      while (rest.length > 0) {
        const at = rest.indexOf(NEWLINE);
        const lost = add(at === -1 ? rest : rest.subarray(0, at));
        if (lost !== undefined) return [...frames, lost];
        if (at === -1) break;
        const frame = endLine();
        if (frame !== undefined) frames.push(frame);
        rest = rest.subarray(at + 1);
      }
      return frames;
    },
  };
}

/** Only an object can be a message; what else a program writes to its stdout is meant for people. */
function readLine(line: Buffer): Frame | undefined {
  const text = line.toString('utf8').trim();
  if (text === '') return undefined;
  if (text.startsWith('{') || text.startsWith('[')) return { kind: 'message', text };
  return { kind: 'noise', text: text.slice(0, NOISE_BYTES), bytes: line.length };
}
