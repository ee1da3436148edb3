import type { TaskItem } from '../queue/task-item.ts';

/** More than a client has an eye on; each is looked at after every change of the queue. */
const FOLLOWED_MAX = 200;

/** Addresses of the queue that one client has looked at, besides those that every client is told of. */
export interface FollowedTasks {
  /** A client has seen a task, as it was then. */
  follow(uri: string, task: TaskItem): void;
  /** The addresses of those that are no longer what was seen; `find` gives them as they are, undefined where one is gone. */
  takeChanged(find: (id: string) => Promise<TaskItem | undefined>): Promise<readonly string[]>;
}

interface Seen {
  readonly id: string;
  readonly version: string;
}

export function createFollowedTasks(): FollowedTasks {
  /** The one that was looked at last comes last. */
  const seen = new Map<string, Seen>();

  function follow(uri: string, task: TaskItem): void {
    seen.delete(uri);
    seen.set(uri, { id: task.id, version: versionOf(task) });
    const [oldest] = seen.keys();
    if (seen.size > FOLLOWED_MAX && oldest !== undefined) seen.delete(oldest);
  }

  return {
    follow,
    async takeChanged(find) {
      const changed: string[] = [];
      for (const [uri, { id, version }] of [...seen]) {
        const task = await find(id);
        if (task === undefined) seen.delete(uri);
        else if (versionOf(task) === version) continue;
        else seen.set(uri, { id, version: versionOf(task) });
        changed.push(uri);
      }
      return changed;
    },
  };
}

function versionOf({ status, attempts, updated_at }: TaskItem): string {
  return `${status}/${attempts}/${updated_at}`;
}
