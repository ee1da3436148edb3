import { TASK_STATUSES, type TaskStatus } from '../domain/task.ts';
import type { TaskPage, TaskQueue } from '../queue/task-queue.ts';
import type { ResourceProvider } from './resource-provider.ts';
import type { ToolDeps } from './tool.ts';

const JSON_TYPE = 'application/json';
const TASKS_MAX = 200;
/** Changes that follow each other faster are told as one: a queue at work changes hundreds of times in a second. */
const GATHER_MS = 50;

const FILTER_TEMPLATE = 'task://filter/{status}';
const FILTER_PREFIX = 'task://filter/';

type Read = (queue: TaskQueue) => Promise<object>;

const RESOURCES = {
  'task://queue': {
    name: 'queue',
    description: `The first ${TASKS_MAX} tasks, in the order in which they are taken`,
    read: (queue) => readTasks(queue, queue.list({ limit: TASKS_MAX })),
  },
  'task://current': {
    name: 'current',
    description: 'Tasks that are being worked on',
    read: (queue) => readTasks(queue, queue.current()),
  },
  'task://stats': {
    name: 'stats',
    description: 'How many tasks there are of each status, and the circuit breaker',
    read: (queue) => queue.stats(),
  },
  'task://pending': {
    name: 'pending',
    description: 'Tasks that wait to be taken',
    read: readStatus('pending'),
  },
  'task://completed': {
    name: 'completed',
    description: 'Completed tasks with their results',
    read: readStatus('completed'),
  },
} as const satisfies Record<string, { name: string; description: string; read: Read }>;

const READERS: ReadonlyMap<string, Read> = new Map([
  ...Object.entries(RESOURCES).map(([uri, { read }]) => [uri, read] as const),
  ...TASK_STATUSES.map((status) => [`${FILTER_PREFIX}${status}`, readStatus(status)] as const),
]);

/** The queue: all of it, and by status. */
export function createTaskResources({ taskQueue, taskChanges }: ToolDeps): ResourceProvider {
  return {
    templates: [
      {
        uriTemplate: FILTER_TEMPLATE,
        name: 'tasks-by-status',
        description: `Tasks of one status: ${TASK_STATUSES.join(', ')}`,
        mimeType: JSON_TYPE,
      },
    ],

    async list(cursor) {
      if (cursor !== undefined) return { resources: [] };
      const resources = Object.entries(RESOURCES).map(([uri, { name, description }]) => ({
        uri,
        name,
        description,
        mimeType: JSON_TYPE,
      }));
      return { resources };
    },

    async read(uri) {
      const read = READERS.get(uri);
      if (read === undefined) return undefined;
      return { mimeType: JSON_TYPE, text: JSON.stringify(await read(await taskQueue())) };
    },

    async complete(uriTemplate) {
      return uriTemplate === FILTER_TEMPLATE ? TASK_STATUSES : undefined;
    },

    watch({ updated }) {
      let timer: NodeJS.Timeout | undefined;
      const tell = () => {
        timer = undefined;
        for (const uri of READERS.keys()) updated(uri);
      };
      const stop = taskChanges.add(() => {
        timer ??= setTimeout(tell, GATHER_MS).unref();
      });
      return () => {
        stop();
        clearTimeout(timer);
      };
    },
  };
}

function readStatus(status: TaskStatus): Read {
  return (queue) => readTasks(queue, queue.list({ status, limit: TASKS_MAX }));
}

/** Says how many tasks there are besides those that are shown. */
async function readTasks(queue: TaskQueue, page: Promise<TaskPage>): Promise<object> {
  const { tasks, next_cursor } = await page;
  const { breaker: _breaker, ...totals } = await queue.stats();
  return { tasks, more: next_cursor !== undefined, totals };
}
