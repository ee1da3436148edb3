import type { ChangeFeed } from '../domain/change-feed.ts';
import type { TaskStore } from '../store/task-store.ts';

/** The same store; whatever changes in it through this one is announced once it is durable. */
export function withAnnouncements(tasks: TaskStore, changes: Pick<ChangeFeed, 'announce'>): TaskStore {
  async function announcing<Result>(
    work: Promise<Result>,
    isChange: (result: Result) => boolean = () => true,
  ): Promise<Result> {
    const result = await work;
    if (isChange(result)) changes.announce();
    return result;
  }
  return {
    ...tasks,
    addTasks: (params) => announcing(tasks.addTasks(params), ({ replayed }) => !replayed),
    claimTask: (claim, claimKey) =>
      announcing(tasks.claimTask(claim, claimKey), (task) => task !== undefined),
    changeTasks: (ids, change) => announcing(tasks.changeTasks(ids, change)),
    changeExpiredTasks: (params) => announcing(tasks.changeExpiredTasks(params), ({ length }) => length > 0),
    changeAllTasks: (change) => announcing(tasks.changeAllTasks(change), (count) => count > 0),
    removeCompletedTasks: () => announcing(tasks.removeCompletedTasks(), (count) => count > 0),
    changeBreaker: (change) => announcing(tasks.changeBreaker(change)),
  };
}
