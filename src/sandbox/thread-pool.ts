import type { SandboxThread } from './sandbox-thread.ts';

/** Threads that wait for scripts, and scripts that wait for threads. */
export interface ThreadPool {
  /** A thread for one script, in the order of asking. Rejects with the signal's reason while it waits for its turn. */
  acquire(signal: AbortSignal): Promise<SandboxThread>;
  /** Starts the first thread, unless there is one: it waits for a script then, instead of a script for it. */
  warmUp(): void;
  /** Gives it back, to be used again or to be ended. */
  release(thread: SandboxThread, options: { readonly reusable: boolean }): void;
  /** Ends the threads that nobody uses. */
  close(): Promise<void>;
}

export interface ThreadPoolParams {
  readonly start: () => SandboxThread;
  readonly threadsMax: number;
  /** After which a thread that nobody uses is ended. */
  readonly idleMs: number;
}

interface Idle {
  readonly thread: SandboxThread;
  readonly timer: NodeJS.Timeout;
}

export function createThreadPool({ start, threadsMax, idleMs }: ThreadPoolParams): ThreadPool {
  const threads = new Set<SandboxThread>();
  /** The one that was used last is at the end, and is used first, so that the others can go. */
  const idle: Idle[] = [];
  const waiting: ((thread: SandboxThread) => void)[] = [];

  const end = async (thread: SandboxThread) => {
    threads.delete(thread);
    await thread.end();
  };
  const endIdle = async (thread: SandboxThread) => {
    const [found] = idle.splice(
      idle.findIndex((each) => each.thread === thread),
      1,
    );
    clearTimeout(found?.timer);
    await end(thread);
  };
  const take = (): SandboxThread | undefined => {
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      clearTimeout(last.timer);
      if (last.thread.isAlive()) return last.thread;
      threads.delete(last.thread);
    }
    if (threads.size >= threadsMax) return undefined;
    const thread = start();
    threads.add(thread);
    return thread;
  };
  const rest = (thread: SandboxThread) => {
    const timer = setTimeout(() => void endIdle(thread), idleMs).unref();
    idle.push({ thread, timer });
  };
  const serve = () => {
    while (waiting.length > 0) {
      const thread = take();
      if (thread === undefined) return;
      thread.setInUse(true);
      waiting.shift()?.(thread);
    }
  };
  return {
    async acquire(signal) {
      signal.throwIfAborted();
      const thread = await new Promise<SandboxThread>((resolve, reject) => {
        const turn = (next: SandboxThread) => {
          signal.removeEventListener('abort', giveUp);
          resolve(next);
        };
        const giveUp = () => {
          waiting.splice(waiting.indexOf(turn), 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(turn);
        serve();
      });
      try {
        await thread.ready;
      } catch (error) {
        await end(thread);
        serve();
        throw error;
      }
      return thread;
    },
    warmUp() {
      const first = threads.size === 0 ? take() : undefined;
      if (first !== undefined) rest(first);
    },
    release(thread, { reusable }) {
      thread.listen(undefined);
      thread.setInUse(false);
      if (reusable) rest(thread);
      else void end(thread);
      serve();
    },
    async close() {
      await Promise.all(idle.map(({ thread }) => endIdle(thread)));
    },
  };
}
