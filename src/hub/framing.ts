/** What was found in the bytes of a server's stdout. */
export type Frame =
  | { readonly kind: 'message'; readonly text: string }
  /** Something that is no message; `text` is its beginning. */
  | { readonly kind: 'noise'; readonly text: string; readonly bytes: number }
  /** A message above the limit, of which only the two ends were kept. */
  | { readonly kind: 'oversized'; readonly head: string; readonly tail: string; readonly bytes: number }
  /** The bytes cannot be told apart any more; nothing comes after it. */
  | { readonly kind: 'lost'; readonly problem: string };

export interface FramingLimits {
  readonly messageBytesMax: number;
  readonly skippedBytesMax: number;
}

/** How the messages of one connection are told apart. */
export interface Framing {
  /** The bytes of one message. */
  encode(json: string): string;
  createDecoder(limits: FramingLimits): Decoder;
}

/** Finds the messages in what arrives, however it is cut. */
export interface Decoder {
  push(chunk: Buffer): readonly Frame[];
}

/** Of an oversized message, this much of each end is kept: enough for the id that it answers. */
export const END_BYTES = 256;
/** Of noise, this much is kept. */
export const NOISE_BYTES = 1_024;
