import type { ChangeFeed } from '../domain/change-feed.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { TaskStore } from '../store/task-store.ts';
import { withAnnouncements } from './announced-tasks.ts';
import { giveBackExpired } from './expired-leases.ts';

/** A look takes some 20 microseconds where no lease has ended. */
const POLL_MS = 500;

export interface WatchLeasesParams {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly changes: Pick<ChangeFeed, 'announce'>;
  readonly logger: Logger;
}

/**
 * Gives tasks back soon after their lease has ended, though nobody asks for any: so that whoever watches the queue hears
 * of it. Keeps this process alive. Returns the way to stop it.
 */
export function watchLeases({
  tasks: unheard,
  clock,
  timers,
  changes,
  logger,
}: WatchLeasesParams): () => void {
  const tasks = withAnnouncements(unheard, changes);
  let stopped = false;
  let stopTimer = () => {};

  async function look(): Promise<void> {
    try {
      await giveBackExpired(tasks, clock);
    } catch (error) {
      if (!stopped) logger.debug('Leases could not be looked at; the next look will tell.', { error });
    }
    if (!stopped) wait();
  }

  function wait(): void {
    stopTimer = timers.start(POLL_MS, () => void look());
  }

  wait();
  return () => {
    stopped = true;
    stopTimer();
  };
}
