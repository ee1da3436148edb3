import { Fault } from './errors.ts';

/**
 * Lets the calls that move one thing take turns within this process, so that of two identical calls only one asks the
 * model. Between processes the compare-and-swap on the revision does that work.
 */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  isHeld(key: string): boolean {
    return this.#tails.has(key);
  }

  /** Runs `work` when all earlier holders of the key are done. A caller that is aborted while it waits leaves. */
  async hold<Result>(
    key: string,
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const previous = this.#tails.get(key);
    let release: () => void = () => {};
    const own = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = previous === undefined ? own : previous.then(() => own);
    this.#tails.set(key, tail);
    try {
      if (previous !== undefined) await untilAborted(previous, signal);
      return await work();
    } finally {
      release();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

async function untilAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return turn;
  const cancelled = () => new Fault('CANCELLED', 'The call was cancelled while it waited for its turn.');
  if (signal.aborted) throw cancelled();
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelled());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
