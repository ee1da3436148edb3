/** The end of what a program writes; holds no more than that, however much it writes. */
export interface OutputTail {
  add(chunk: Buffer): void;
  /** At most `bytesMax` bytes of UTF-8, white space around it removed. */
  text(): string;
}

export function createOutputTail(bytesMax: number): OutputTail {
  let tail = Buffer.alloc(0);
  return {
    add(chunk) {
      tail = Buffer.concat([tail, chunk.subarray(-bytesMax)]);
      if (tail.length > bytesMax) tail = Buffer.from(tail.subarray(-bytesMax));
    },
    text() {
      const start = tail.findIndex((byte) => !isContinuation(byte));
      return tail.subarray(Math.max(0, start)).toString().trim();
    },
  };
}

/** A byte inside of a character: text that was cut may begin with up to three of them. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
