import { setMaxListeners } from 'node:events';
import type { ComposedError } from './composer.ts';

/** Why a script is not to go on. */
export type StopReason =
  | { readonly kind: 'cancelled' }
  /** It has had the time that it may take. */
  | { readonly kind: 'timeout' }
  /** It must not do what it is about to do. */
  | { readonly kind: 'verdict'; readonly status: 'failed' | 'in_doubt'; readonly error: ComposedError }
  /** It cannot be executed any more. */
  | { readonly kind: 'fault'; readonly error: unknown };

/** What ends a script, and everything that is done for it. */
export interface RunStop {
  /** Aborted when the script is to stop, and when it is over. */
  readonly signal: AbortSignal;
  /** The first reason counts. */
  stop(reason: StopReason): void;
  reason(): StopReason | undefined;
  /** The script is over: nothing is done for it any more. */
  dispose(): void;
}

/** @param signal aborted when the caller gives up */
export function createRunStop(signal: AbortSignal | undefined): RunStop {
  const controller = new AbortController();
  // All calls that are under way listen to it; the sandbox bounds them.
  setMaxListeners(0, controller.signal);
  let reason: StopReason | undefined;
  const stop = (why: StopReason) => {
    if (controller.signal.aborted) return;
    reason = why;
    controller.abort();
  };
  const cancel = () => stop({ kind: 'cancelled' });
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  return {
    signal: controller.signal,
    stop,
    reason: () => reason,
    dispose() {
      controller.abort();
      signal?.removeEventListener('abort', cancel);
    },
  };
}
