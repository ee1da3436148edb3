import type { Instance } from '../domain/instance.ts';
import type { EngineCore } from './core.ts';

/** A look takes some 20 microseconds. */
const LOOK_EVERY_MS = 1_000;

export interface WatchPositionParams {
  readonly core: Pick<EngineCore, 'listeners' | 'store' | 'timers' | 'logger'>;
  /** As it was seen. */
  readonly instance: Pick<Instance, 'instanceId' | 'revision'>;
  /** Told at once what this process does, and within a second or so what another one does. */
  readonly onMoved: () => void;
}

/** Tells when an instance is no longer where it was seen. Returns the way to stop it. */
export function watchPosition({ core, instance, onMoved }: WatchPositionParams): () => void {
  const { listeners, store, timers, logger } = core;
  const { instanceId, revision } = instance;
  let isStopped = false;
  let stopTimer = () => {};
  const listener = (movedId: string) => {
    if (movedId === instanceId) onMoved();
  };

  async function look(): Promise<void> {
    try {
      const next = await store.findTransition(instanceId, revision + 1);
      if (isStopped) return;
      if (next !== undefined) return onMoved();
    } catch (error) {
      logger.debug('Whether an instance has moved could not be seen; the next look will tell.', { error });
    }
    if (!isStopped) stopTimer = timers.start(LOOK_EVERY_MS, () => void look());
  }

  listeners.add(listener);
  // It may have moved since it was seen.
  void look();
  return () => {
    isStopped = true;
    stopTimer();
    listeners.delete(listener);
  };
}
