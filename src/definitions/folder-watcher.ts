import type { FSWatcher } from 'chokidar';
import type { Logger } from '../domain/logger.ts';

const WATCH_DEPTH = 5;

export interface WatchFoldersParams {
  readonly folders: readonly string[];
  readonly logger: Logger;
  /** Something may have changed. Several changes at once are one call. */
  readonly onHint: () => void;
}

/**
 * Watches folders for hints that something changed. It neither delays the start nor keeps the process alive,
 * and nothing depends on it: when it fails, the failure is logged once and the hints stop.
 *
 * @returns the way to stop it
 */
export function watchFolders({ folders, logger, onHint }: WatchFoldersParams): () => Promise<void> {
  let watcher: FSWatcher | undefined;
  let isStopped = false;
  let isHintPending = false;

  function hint(): void {
    if (isHintPending || isStopped) return;
    isHintPending = true;
    setTimeout(() => {
      isHintPending = false;
      if (!isStopped) onHint();
    }, SETTLING_MS).unref();
  }

  async function stop(): Promise<void> {
    isStopped = true;
    await watcher?.close();
  }

  async function start(): Promise<void> {
    const { watch } = await import('chokidar');
    if (isStopped) return;
    watcher = watch([...folders], {
      ignoreInitial: true,
      persistent: false,
      followSymlinks: false,
      depth: WATCH_DEPTH,
    });
    watcher.on('all', hint).on('error', fail);
  }

  function fail(error: unknown): void {
    if (isStopped) return;
    logger.warn('Workflow folders are no longer watched; changes are noticed when a workflow is used.', {
      reason: error instanceof Error ? error.message : String(error),
    });
    void stop().catch(() => undefined);
  }

  start().catch(fail);
  return stop;
}

/** An editor writes a file in several steps. */
const SETTLING_MS = 50;
