import { Worker } from 'node:worker_threads';
import type { HostMessage, ThreadData, ThreadMessage } from './messages.ts';

/** A thread that runs one script at a time. */
export interface SandboxThread {
  /** Resolves once it can run scripts. */
  readonly ready: Promise<void>;
  post(message: HostMessage): void;
  /** Sets who is told from now on; undefined for nobody. */
  listen(listener: ThreadListener | undefined): void;
  /** False once it is gone, for whatever reason. */
  isAlive(): boolean;
  /** While something uses it, it keeps the process from ending. */
  setInUse(isInUse: boolean): void;
  /** At once, whatever it is doing. */
  end(): Promise<void>;
}

export interface ThreadListener {
  onMessage(message: ThreadMessage): void;
  /** It is gone, and not because it was ended. */
  onGone(error: Error): void;
}

export interface ThreadParams extends ThreadData {
  /** Absolute path of `sandbox-worker`, bundled. */
  readonly workerFile: string;
}

/** The engine's code takes more of the thread's stack than of its own, which it watches. */
const STACK_MB = 8;
/** For what of a script is not in its machine: its source while it is parsed, and calls that wait. */
const HEAP_MB = 256;

export function startThread({ workerFile, ...data }: ThreadParams): SandboxThread {
  let listener: ThreadListener | undefined;
  let isAlive = true;
  const worker = new Worker(workerFile, {
    // Neither variables nor flags: a script that got out of its machine would find none.
    workerData: data satisfies ThreadData,
    env: {},
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB },
  });
  worker.unref();
  const post = (message: HostMessage) => worker.postMessage(message);
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'ready') resolve();
      else listener?.onMessage(message);
    });
    const gone = (error: Error) => {
      isAlive = false;
      reject(error);
      listener?.onGone(error);
    };
    worker.on('error', gone);
    worker.on('exit', () => gone(new Error('The thread of the script has ended.')));
  });
  // Whoever wants to use it asks; nobody may.
  ready.catch(() => {});
  return {
    ready,
    post,
    listen(next) {
      listener = next;
    },
    isAlive: () => isAlive,
    setInUse(isInUse) {
      if (isInUse) worker.ref();
      else worker.unref();
    },
    async end() {
      listener = undefined;
      await worker.terminate();
    },
  };
}
