import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../src/domain/errors.ts';
import type { Answer } from '../../src/engine/answer.ts';
import { openEngine } from './engine-on-file.ts';
import * as room from './engine-room.ts';
import {
  SORTING_OFFICE,
  sortingOfficeDefinitions,
  sortingOfficeStart,
  sortingOfficeUpdates,
} from './sorting-office.ts';

/** What one of several processes does to a file, told over IPC: a message with the orders starts it. */
export interface ContenderOrders {
  readonly name: string;
  readonly databasePath: string;
  readonly advances: number;
  /** Between two advances, in milliseconds. */
  readonly thinkMs: number;
  /** 0 makes the first conflict a fault, so that conflicts can be counted. */
  readonly busyBudgetMs?: number | undefined;
}

export interface ContenderResult {
  readonly acknowledged: readonly {
    readonly instanceId: string;
    readonly call: string;
    readonly answer: Answer;
  }[];
  /** Of each advance, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** The longest that the event loop stood still, in milliseconds. */
  readonly stallMs: number;
  /** `STORAGE_BUSY` that reached the caller. */
  readonly busy: number;
  /** Of these, the ones whose transaction had read before it asked for the lock: no retry within it could help. */
  readonly snapshotConflicts: number;
  readonly problems: readonly string[];
}

async function contend(orders: ContenderOrders): Promise<ContenderResult> {
  const { engine, close } = await openEngine({
    databasePath: orders.databasePath,
    definitions: sortingOfficeDefinitions(),
    busyBudgetMs: orders.busyBudgetMs,
    room,
  });
  const acknowledged: { instanceId: string; call: string; answer: Answer }[] = [];
  const latenciesMs: number[] = [];
  const problems: string[] = [];
  const counted = { busy: 0, snapshotConflicts: 0 };

  /** Until it is done; counts what a client would have seen. */
  async function persist(work: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const { code, cause } = error as Fault;
        if (code !== 'STORAGE_BUSY') throw error;
        counted.busy++;
        if ((cause as { code?: string } | undefined)?.code === 'SQLITE_BUSY_SNAPSHOT')
          counted.snapshotConflicts++;
      }
    }
  }

  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    const start = { workflowName: SORTING_OFFICE, context: sortingOfficeStart };
    let position = await persist(() => engine.start(start));
    delay.enable();
    for (let index = 0; index < orders.advances; index++) {
      const call = `${orders.name}/${index}`;
      const { instance_id: instanceId, step_token: stepToken, revision } = position;
      const params = {
        instanceId,
        stepToken,
        requestId: call,
        report: { status: index % 3 === 0 ? 'failure' : 'success', result: { call } },
        contextUpdates: sortingOfficeUpdates(revision, (index * 7) % 10),
      };
      const before = performance.now();
      position = await persist(() => engine.advance(params));
      latenciesMs.push(performance.now() - before);
      acknowledged.push({ instanceId, call, answer: position });
      // A call of a client comes in by the event loop; without a turn of it, a quick run of calls would pass for a stall.
      if (orders.thinkMs > 0) await sleep(orders.thinkMs);
      else await immediate();
    }
    delay.disable();
  } catch (error) {
    problems.push(`${orders.name}: ${String(error)}`);
  }
  await close();
  return { acknowledged, latenciesMs, stallMs: delay.max / 1e6, ...counted, problems };
}

process.once('message', (orders) => {
  void contend(orders as ContenderOrders).then((result) => {
    process.send?.(result, () => process.disconnect());
  });
});
process.send?.('ready');
