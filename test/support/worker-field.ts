import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { FAILPOINTS, TASK_FAILPOINTS } from '../../src/domain/failpoint.ts';
import type { Random } from './campaign.ts';
import { type AuditTrail, openAuditTrail } from './task-audit.ts';
import { type StartWorkerParams, startWorker, type WorkerProcess } from './worker-process.ts';

export interface WorkerFieldParams extends Omit<StartWorkerParams, 'flags'> {
  readonly databasePath: string;
  readonly random: Random;
  readonly workers: number;
  readonly leaseMs: number;
  /** How many tasks a worker does on average before something happens to it. */
  readonly tasksPerLife: number;
  /** How many of the first workers die at their first task: what may be tried only once has failed by then. */
  readonly doomed: number;
  /** What happens to the others: one of these, by luck. */
  readonly fates: readonly Fate['how'][];
  /** Where they are stopped, if not anywhere. */
  readonly stopPlaces?: readonly (typeof TASK_FAILPOINTS)[number][];
}

export interface WorkerFieldResult {
  /** What should never be seen of workers. */
  readonly problems: readonly string[];
  /** `kill -9`, by the place in the program at which it hit; `anywhere` was chosen by the number of writes. */
  readonly killsByPlace: Readonly<Record<string, number>>;
  readonly kills: number;
  /** Workers that were stopped, and went on when others had their task. */
  readonly zombies: number;
  /** Workers that were asked to end. */
  readonly ended: number;
}

/** What is written for a task, about: its claim, its completion, and what its workflow does. */
const WRITES_PER_TASK = 3;
const POLL_MS = 5;
/** No write for so long beyond a lease, and there is nothing to wait for any more. */
const STUCK_MS = 10_000;
const EXIT_MS = 5_000;
/** Beyond that, those who were stopped hold what the others need. */
const ZOMBIES_MAX = 2;
/** Enough to see what is wrong. */
const PROBLEMS_MAX = 10;

/**
 * Workers in processes of their own drain the queue. Again and again one is killed, stopped until another one has its
 * task, or asked to end: at a place in the program, or after so many writes of anybody; never by a timer. Each is
 * replaced. Returns when every task is ended, or when nothing moves any more.
 */
export async function runWorkerField(params: WorkerFieldParams): Promise<WorkerFieldResult> {
  const { random, leaseMs } = params;
  const trail = openAuditTrail(params.databasePath);
  const problems: string[] = [];
  const killsByPlace: Record<string, number> = {};
  const count = { zombies: 0, ended: 0, lives: 0, stopped: 0 };
  const watch = watchProgress(trail, leaseMs + STUCK_MS);
  const lock = probeLock(params.databasePath);
  const goesOn = () => !watch.isOver() && problems.length < PROBLEMS_MAX;

  /** One life of a worker, from its start to whatever becomes of it. */
  async function live(): Promise<void> {
    const fate = drawFate(params, count.lives++);
    const armed = fate.place === 'anywhere' ? {} : { [ARMED[fate.how]]: `${fate.place}:${fate.passes}` };
    const worker = startWorker({ ...params, env: { ...params.env, ...armed }, flags: ['--wait'] });
    const ending = await Promise.race([meetFate(worker, fate), worker.exited, watch.over]);
    if (ending === 'over') return end(worker);
    if (worker.isAlive()) return;
    const exit = await worker.exited;
    const place = fate.how === 'stopped' ? 'after_a_stop' : fate.place;
    if (exit === 'SIGKILL') killsByPlace[place] = (killsByPlace[place] ?? 0) + 1;
    // Asked before it was able to listen, it ends as every process does.
    else if (fate.how === 'ended' && (exit === 0 || exit === 'SIGTERM')) count.ended++;
    else problems.push(`A worker ended by itself (${exit}): ${worker.stderr()}`);
  }

  async function meetFate(worker: WorkerProcess, fate: Fate): Promise<void> {
    if (fate.place === 'anywhere') await watch.writes(fate.writes);
    else if (fate.how === 'stopped') await worker.stopped;
    else await worker.exited;
    if (fate.how === 'stopped') await outlive(worker);
    if (fate.how === 'ended') {
      await end(worker);
    } else {
      worker.kill('SIGKILL');
      await worker.exited;
    }
  }

  /** Stops a worker until others have whatever it has, and lets it go on for a while. */
  async function outlive(worker: WorkerProcess): Promise<void> {
    if (count.stopped >= ZOMBIES_MAX) return worker.kill('SIGCONT');
    count.stopped++;
    await stopOutsideOfTransactions(worker);
    await watch.takenOver();
    worker.kill('SIGCONT');
    count.stopped--;
    count.zombies++;
    await watch.writes(random.below(4 * WRITES_PER_TASK));
  }

  /** Who is stopped while it holds the lock of the database holds up everybody, and is taken over by nobody. */
  async function stopOutsideOfTransactions(worker: WorkerProcess): Promise<void> {
    for (;;) {
      worker.kill('SIGSTOP');
      if (await lock.comesFree()) return;
      worker.kill('SIGCONT');
      await watch.writes(1);
    }
  }

  async function end(worker: WorkerProcess): Promise<void> {
    worker.kill('SIGTERM');
    // On its way out it may still come to the place at which it stops.
    const goOn = setInterval(() => worker.kill('SIGCONT'), 10 * POLL_MS);
    const late = sleep(EXIT_MS, 'late', { ref: false });
    if ((await Promise.race([worker.exited, late])) === 'late') {
      problems.push(`A worker did not end within ${EXIT_MS} ms of being asked to: ${worker.stderr()}`);
      worker.kill('SIGKILL');
    }
    clearInterval(goOn);
    await worker.exited;
  }

  try {
    const slots = Array.from({ length: params.workers }, async () => {
      while (goesOn()) await live();
    });
    await Promise.all(slots);
    if (watch.isStuck()) problems.push(`Nothing was written any more for ${leaseMs + STUCK_MS} ms.`);
  } finally {
    watch.stop();
    lock.close();
    trail.close();
  }
  const kills = Object.values(killsByPlace).reduce((sum, kill) => sum + kill, 0);
  return { problems, killsByPlace, kills, zombies: count.zombies, ended: count.ended };
}

/** What will become of a worker. */
interface Fate {
  readonly how: 'killed' | 'stopped' | 'ended';
  readonly place: (typeof FAILPOINTS)[number] | (typeof TASK_FAILPOINTS)[number] | 'anywhere';
  /** At which pass of the place. */
  readonly passes: number;
  /** After how many writes of anybody. */
  readonly writes: number;
}

const BEFORE_THE_END = ['task_claimed', 'task_executed', 'task_verified'] as const;
const KILL_PLACES = [...TASK_FAILPOINTS, ...FAILPOINTS];
/** None inside of a transaction; the more often, the more somebody who comes back could do there. */
const STOP_PLACES = [...TASK_FAILPOINTS, ...BEFORE_THE_END, 'task_executed', 'task_verified'] as const;

function drawFate(params: WorkerFieldParams, lives: number): Fate {
  const { random, workers, tasksPerLife, stopPlaces } = params;
  if (lives < params.doomed)
    return { how: 'killed', place: random.pick(BEFORE_THE_END), passes: 1, writes: 0 };
  const passes = 1 + random.below(2 * tasksPerLife - 1);
  const writes = random.below(2 * tasksPerLife * workers * WRITES_PER_TASK);
  const how = random.pick(params.fates);
  if (how === 'stopped' && stopPlaces !== undefined)
    return { how, place: random.pick(stopPlaces), passes, writes };
  if (how === 'ended' || random.chance(0.3)) return { how, place: 'anywhere', passes, writes };
  return { how, place: random.pick(how === 'killed' ? KILL_PLACES : STOP_PLACES), passes, writes };
}

const ARMED = { killed: 'FAILPOINT_KILL', stopped: 'FAILPOINT_STOP', ended: '' } as const;

interface Watch {
  isOver(): boolean;
  isStuck(): boolean;
  /** Resolves when every task is ended, or nothing moves any more. */
  readonly over: Promise<'over'>;
  /** Resolves after so many writes of anybody. */
  writes(count: number): Promise<void>;
  /** Resolves when everything that is in progress now is in other hands, or ended. */
  takenOver(): Promise<void>;
  stop(): void;
}

/** Looks at the trail from outside, again and again. */
function watchProgress(trail: AuditTrail, stuckMs: number): Watch {
  const waiting = new Set<{ readonly isDue: () => boolean; readonly resolve: () => void }>();
  let length = trail.length();
  let movedAt = performance.now();
  let state: 'running' | 'over' | 'stuck' = 'running';
  let tellOver = (_: 'over') => {};
  const over = new Promise<'over'>((resolve) => {
    tellOver = resolve;
  });
  const until = (isDue: () => boolean) =>
    new Promise<void>((resolve) => void waiting.add({ isDue, resolve }));

  function look(): void {
    const now = trail.length();
    if (now > length) {
      length = now;
      movedAt = performance.now();
      for (const one of waiting) {
        if (!one.isDue()) continue;
        waiting.delete(one);
        one.resolve();
      }
      if (trail.unfinished().length === 0) state = 'over';
    } else if (performance.now() - movedAt > stuckMs) {
      state = 'stuck';
    }
    if (state !== 'running') tellOver('over');
  }

  const timer = setInterval(look, POLL_MS);
  return {
    isOver: () => state !== 'running',
    isStuck: () => state === 'stuck',
    over,
    writes(count) {
      const due = length + count;
      return count === 0 ? Promise.resolve() : until(() => length >= due);
    },
    takenOver() {
      const held = new Map(
        trail
          .unfinished()
          .filter(({ status }) => status === 'in_progress')
          .map(({ taskNumber, fencingToken }) => [taskNumber, fencingToken]),
      );
      return until(() =>
        trail.unfinished().every(({ taskNumber, status, fencingToken }) => {
          const token = held.get(taskNumber);
          return token === undefined || (status === 'in_progress' && fencingToken > token);
        }),
      );
    },
    stop: () => clearInterval(timer),
  };
}

const PROBES = 40;

/** Tells whether somebody keeps the write lock of the database. */
function probeLock(databasePath: string) {
  const database = new Database(databasePath, { timeout: 0 });
  const isFree = () => {
    try {
      database.exec('BEGIN IMMEDIATE; ROLLBACK');
      return true;
    } catch {
      return false;
    }
  };
  return {
    /** Soon: others who work have it for a few milliseconds at a time. */
    async comesFree(): Promise<boolean> {
      for (let probe = 0; probe < PROBES; probe++) {
        if (isFree()) return true;
        await sleep(POLL_MS);
      }
      return false;
    },
    close: () => void database.close(),
  };
}
