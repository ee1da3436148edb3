import type { Timers } from '../domain/timers.ts';

/** Lets only so many servers start at one time: each costs the machine a burst of work. */
export interface StartQueue {
  /** Waits for its turn. The turn is over with the start, or after a while: one that hangs must not block the others. */
  run<Value>(start: () => Promise<Value>): Promise<Value>;
}

export interface StartQueueParams {
  readonly startsMax: number;
  readonly turnMs: number;
  readonly timers: Timers;
}

export function createStartQueue({ startsMax, turnMs, timers }: StartQueueParams): StartQueue {
  const waiting: (() => void)[] = [];
  let free = startsMax;

  async function takeTurn(): Promise<() => void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    };
  }

  return {
    async run(start) {
      const endTurn = await takeTurn();
      const stopTimer = timers.start(turnMs, endTurn);
      try {
        return await start();
      } finally {
        stopTimer();
        endTurn();
      }
    },
  };
}
