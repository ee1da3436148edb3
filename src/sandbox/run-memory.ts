const WORD_BYTES = BigInt64Array.BYTES_PER_ELEMENT;
const WORDS = 6;
const [STOP, COMPUTING_SINCE, COMPUTED, CALLS, OUTPUT_BYTES, OUTPUT_DROPPED] = [0, 1, 2, 3, 4, 5] as const;

/**
 * What both threads know of a run at any time. The thread of the script never has to answer for it, so that it may hang or
 * be ended, and what the script wrote and used until then is still there.
 */
export interface RunMemory {
  readonly buffer: SharedArrayBuffer;
  requestStop(): void;
  isStopRequested(): boolean;
  /** Begins to measure computing; what was measured before is kept. */
  startComputing(): void;
  stopComputing(): void;
  isComputing(): boolean;
  /** Milliseconds of computing until now. */
  computedMs(): number;
  /** Measures from here. */
  resetComputed(): void;
  /** Returns how many calls there are with this one. */
  countCall(): number;
  calls(): number;
  /** Keeps as much as there is room for; once something was dropped, everything is. */
  print(text: string): void;
  output(): string;
  outputDroppedBytes(): number;
}

export function createRunMemory(outputBytesMax: number): RunMemory {
  return openRunMemory(new SharedArrayBuffer(WORDS * WORD_BYTES + outputBytesMax));
}

export function openRunMemory(buffer: SharedArrayBuffer): RunMemory {
  const words = new BigInt64Array(buffer, 0, WORDS);
  const text = new Uint8Array(buffer, WORDS * WORD_BYTES);
  const load = (word: number) => Atomics.load(words, word);
  // The same clock in all threads.
  const now = () => process.hrtime.bigint();
  return {
    buffer,
    requestStop() {
      Atomics.store(words, STOP, 1n);
    },
    isStopRequested: () => load(STOP) !== 0n,
    startComputing() {
      Atomics.store(words, COMPUTING_SINCE, now());
    },
    stopComputing() {
      const since = Atomics.exchange(words, COMPUTING_SINCE, 0n);
      if (since !== 0n) Atomics.add(words, COMPUTED, now() - since);
    },
    isComputing: () => load(COMPUTING_SINCE) !== 0n,
    computedMs() {
      const since = load(COMPUTING_SINCE);
      return Number(load(COMPUTED) + (since === 0n ? 0n : now() - since)) / 1e6;
    },
    resetComputed() {
      Atomics.store(words, COMPUTED, 0n);
      if (load(COMPUTING_SINCE) !== 0n) Atomics.store(words, COMPUTING_SINCE, now());
    },
    countCall: () => Number(Atomics.add(words, CALLS, 1n)) + 1,
    calls: () => Number(load(CALLS)),
    print(line) {
      const used = Number(load(OUTPUT_BYTES));
      const room = load(OUTPUT_DROPPED) === 0n ? text.subarray(used) : text.subarray(0, 0);
      const { written } = new TextEncoder().encodeInto(line, room);
      Atomics.add(words, OUTPUT_BYTES, BigInt(written));
      Atomics.add(words, OUTPUT_DROPPED, BigInt(Buffer.byteLength(line) - written));
    },
    // A view of shared memory can't be decoded in place.
    output: () => new TextDecoder().decode(text.slice(0, Number(load(OUTPUT_BYTES)))),
    outputDroppedBytes: () => Number(load(OUTPUT_DROPPED)),
  };
}
