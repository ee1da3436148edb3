import type { ChangeFeed } from '../domain/change-feed.ts';
import { CLOSED_BREAKER } from '../domain/circuit-breaker.ts';
import type { Clock } from '../domain/clock.ts';
import { Defect } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { LEASE_SECONDS } from '../domain/task.ts';
import type { Engine } from '../engine/engine.ts';
import type { TaskChange, TaskStore } from '../store/task-store.ts';
import { addTasks } from './add-tasks.ts';
import { withAnnouncements } from './announced-tasks.ts';
import { allOrNone, checkNoRepeats } from './batch.ts';
import { changeTask, requireTask } from './change-task.ts';
import type { BreakerSettings } from './circuit-breaker.ts';
import { giveBackExpired, giveBackExpiredIfWritable } from './expired-leases.ts';
import { checkDescription, checkOptions, newTask } from './new-task.ts';
import { checkSameClaim, retryKeyOf } from './repeated-call.ts';
import { claimTask, completeTask, failTask, resetTask, retryTask, startTask } from './task-changes.ts';
import {
  checkBatch,
  checkBatchBytes,
  checkRange,
  checkResult,
  checkText,
  jsonBytes,
  leaseMsOf,
} from './task-checks.ts';
import { ADD_ANEW } from './task-holder.ts';
import { briefTaskItem, heldTask, listedTaskItem, taskItem } from './task-item.ts';
import type { ListTasksParams, TaskAnswer, TaskOptions, TaskPage, TaskQueue } from './task-queue.ts';
import { taskStats } from './task-stats.ts';
import { checkUsable } from './usable-workflow.ts';

export interface TaskQueueDeps {
  readonly tasks: TaskStore;
  readonly findWorkflow: Engine['findWorkflow'];
  readonly clock: Clock;
  readonly limits: Limits;
  /** Hears of every change that is made through this queue. */
  readonly changes: Pick<ChangeFeed, 'announce'>;
  /** Of the circuit breaker whose state the statistics show. */
  readonly breaker: BreakerSettings;
}

const PAGE_SIZE = 50;
/** Of one text or value in a listing. */
const LISTED_BYTES_MAX = 4 * 1024;

export function createTaskQueue(deps: TaskQueueDeps): TaskQueue {
  const { clock, limits, findWorkflow, breaker: settings } = deps;
  const tasks = withAnnouncements(deps.tasks, deps.changes);

  async function add(descriptions: readonly string[], options: TaskOptions) {
    if (options.workflowName !== undefined) await checkUsable(findWorkflow, options.workflowName);
    const now = clock.now();
    const asked = descriptions.map((description) => newTask({ ...options, description }, now));
    return addTasks(tasks, asked, options.requestId);
  }

  async function end(id: string, change: TaskChange): Promise<TaskAnswer> {
    const { task, unchanged } = await changeTask(tasks, id, change);
    return { task: taskItem(task), replayed: unchanged || undefined };
  }

  async function list({ status, limit = PAGE_SIZE, cursor }: ListTasksParams): Promise<TaskPage> {
    checkRange('limit', limit, { min: 1, max: Number.MAX_SAFE_INTEGER });
    await giveBackExpiredIfWritable(tasks, clock);
    const page = {
      limit: Math.min(limit, limits.pageSizeMax),
      cursor,
      bytesMax: limits.requestBytesMax,
      memberBytesMax: LISTED_BYTES_MAX,
    };
    const { items, nextCursor } = await tasks.listTasks({ status }, page);
    return { tasks: items.map(listedTaskItem), next_cursor: nextCursor };
  }

  return {
    async addTask(params) {
      checkDescription(params.description, limits);
      checkOptions(params, limits);
      const { tasks: added, replayed } = await add([params.description], params);
      const [task] = added.map(taskItem);
      if (task === undefined) throw new Defect('Adding a task gave none.');
      return { task, replayed };
    },

    async addTasks({ descriptions, ...options }) {
      checkBatch('descriptions', descriptions, limits);
      checkOptions(options, limits);
      const contextBytes = jsonBytes(options.context);
      const bytes = descriptions.map((description) => Buffer.byteLength(description) + contextBytes);
      checkBatchBytes(sum(bytes), limits);
      allOrNone(descriptions, (description) => checkDescription(description, limits));
      const { tasks: added, replayed } = await add(descriptions, options);
      return { tasks: added.map(briefTaskItem), replayed };
    },

    async peek() {
      await giveBackExpiredIfWritable(tasks, clock);
      const task = await tasks.nextTask();
      return task && taskItem(task);
    },

    async claim({ leaseSeconds = LEASE_SECONDS.default, requestId }) {
      const leaseMs = leaseMsOf(leaseSeconds);
      await giveBackExpired(tasks, clock);
      const now = clock.now();
      const task = await tasks.claimTask(
        (pending) => claimTask(pending, { now, leaseMs, claimKey: requestId }),
        requestId,
      );
      if (task === undefined) return undefined;
      checkSameClaim(task, { requestId, leaseMs });
      return heldTask(task);
    },

    async start({ taskId, leaseSeconds, fencingToken }) {
      const leaseMs = leaseSeconds === undefined ? undefined : leaseMsOf(leaseSeconds);
      const now = clock.now();
      const started = await changeTask(tasks, taskId, (task) =>
        startTask(task, { now, leaseMs, fencingToken }),
      );
      return heldTask(started.task);
    },

    async complete({ taskId, result, fencingToken }) {
      checkResult(result, limits);
      const now = clock.now();
      return end(taskId, (task) => completeTask(task, { now, result, fencingToken }));
    },

    async completeBatch({ taskIds, result, fencingTokens = {} }) {
      checkBatch('task_ids', taskIds, limits);
      checkResult(result, limits);
      checkBatchBytes(jsonBytes(result) * taskIds.length, limits);
      checkNoRepeats(taskIds);
      const now = clock.now();
      let unchanged = false;
      const completed = await tasks.changeTasks(taskIds, (found) => {
        const after = allOrNone(taskIds, (id, index) =>
          completeTask(requireTask(id, found[index]), {
            now,
            result,
            fencingToken: Object.hasOwn(fencingTokens, id) ? fencingTokens[id] : undefined,
          }),
        );
        unchanged = after.every((task, index) => task === found[index]);
        return after;
      });
      return { tasks: completed.map(briefTaskItem), replayed: unchanged || undefined };
    },

    async fail({ taskId, reason, fencingToken }) {
      checkText({ what: 'reason', text: reason, limits });
      const now = clock.now();
      return end(taskId, (task) => failTask(task, { now, reason, fencingToken }));
    },

    async retry({ taskId, feedback, requestId }) {
      if (feedback !== undefined) checkText({ what: 'feedback', text: feedback, limits });
      const now = clock.now();
      const retryKey = requestId === undefined ? undefined : retryKeyOf(requestId, feedback);
      const { task, ...answer } = await end(taskId, (before) =>
        retryTask(before, { now, feedback, retryKey }),
      );
      const retried = task.status !== 'failed';
      const message = retried
        ? `Task ${task.id} is ${task.status === 'pending' ? 'pending again' : task.status}; ${task.attempts} of ${task.max_attempts} attempts are used.`
        : `Task ${task.id} is failed: ${task.error} ${ADD_ANEW}`;
      return { task, ...answer, retried, message };
    },

    async clearCompleted() {
      return { cleared: await tasks.removeCompletedTasks() };
    },

    async resetAll() {
      const now = clock.now();
      const reset = await tasks.changeAllTasks((task) => resetTask(task, now));
      await tasks.changeBreaker(() => CLOSED_BREAKER);
      return { reset };
    },

    list,

    async find(taskId) {
      await giveBackExpiredIfWritable(tasks, clock);
      return taskItem(requireTask(taskId, await tasks.findTask(taskId)));
    },

    current: () => list({ status: 'in_progress', limit: limits.pageSizeMax }),

    async stats() {
      await giveBackExpiredIfWritable(tasks, clock);
      const [counts, breaker] = await Promise.all([tasks.countTasks(), tasks.findBreaker()]);
      return taskStats({ counts, breaker, settings, now: clock.now() });
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
