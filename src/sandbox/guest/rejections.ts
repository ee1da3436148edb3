import type { JSValueHandle } from 'quickjs-wasi';

/** A script that forgets more of them than this is told about one of these. */
const KEPT_MAX = 100;

/** Promises that were rejected, and that nobody has looked at until now. */
export interface Rejections {
  note(promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean): void;
  /** The reason of the oldest. */
  first(): JSValueHandle | undefined;
}

export function createRejections(): Rejections {
  const unhandled = new Map<number, { readonly promise: JSValueHandle; readonly reason: JSValueHandle }>();
  return {
    note(promise, reason, isHandled) {
      if (!isHandled) {
        // Kept alive, so that no other promise gets its identity.
        if (unhandled.size < KEPT_MAX)
          unhandled.set(promise.identity, { promise: promise.dup(), reason: reason.dup() });
        return;
      }
      const kept = unhandled.get(promise.identity);
      if (kept === undefined) return;
      unhandled.delete(promise.identity);
      kept.promise.dispose();
      kept.reason.dispose();
    },
    first: () => unhandled.values().next().value?.reason,
  };
}
