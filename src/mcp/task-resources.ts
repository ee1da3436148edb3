import { Fault } from '../domain/errors.ts';
import { TASK_STATUSES, type TaskStatus, taskNumber } from '../domain/task.ts';
import type { TaskItem } from '../queue/task-item.ts';
import type { TaskPage, TaskQueue } from '../queue/task-queue.ts';
import { createFollowedTasks } from './followed-tasks.ts';
import type { ResourceProvider } from './resource-provider.ts';
import type { ToolDeps } from './tool.ts';
import { decodeSegment } from './uri-segment.ts';

const JSON_TYPE = 'application/json';
const TASKS_MAX = 200;
/** Changes that follow each other faster are told as one: a queue at work changes hundreds of times in a second. */
const GATHER_MS = 50;

const CURSOR = '{?cursor}';
const FILTER_TEMPLATE = `task://filter/{status}${CURSOR}`;
const FILTER_PREFIX = 'task://filter/';

/** A listing goes on at the cursor; what is not paged has none. */
type Read = (queue: TaskQueue, cursor: string | undefined) => Promise<object>;

const RESOURCES = {
  'task://queue': {
    name: 'queue',
    description: `Tasks in the order in which they are taken, at most ${TASKS_MAX} in a page`,
    read: (queue, cursor) => readTasks(queue, queue.list({ limit: TASKS_MAX, cursor })),
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

/** These go on at the `next_cursor` of the page before. */
const PAGED = ['task://queue', 'task://pending', 'task://completed'] as const;

/** The queue: all of it, by status, and one task after the other. */
export function createTaskResources({ taskQueue, taskChanges, logger }: ToolDeps): ResourceProvider {
  const followed = createFollowedTasks();
  return {
    templates: [
      {
        uriTemplate: FILTER_TEMPLATE,
        name: 'tasks-by-status',
        description: `Tasks of one status: ${TASK_STATUSES.join(', ')}`,
        mimeType: JSON_TYPE,
      },
      ...PAGED.map((uri) => ({
        uriTemplate: `${uri}${CURSOR}`,
        name: RESOURCES[uri].name,
        description: `${RESOURCES[uri].description}; cursor: next_cursor of the page before`,
        mimeType: JSON_TYPE,
      })),
      {
        uriTemplate: 'task://{task_id}',
        name: 'task',
        description: 'All of one task, also what listings cut',
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
      const task = await readTask(uri, taskQueue);
      if (task !== undefined) followed.follow(uri, task);
      const body = task ?? (await readBody(uri, taskQueue));
      return body && { mimeType: JSON_TYPE, text: JSON.stringify(body) };
    },

    async complete(uriTemplate) {
      return uriTemplate === FILTER_TEMPLATE ? TASK_STATUSES : undefined;
    },

    watch({ updated }) {
      let timer: NodeJS.Timeout | undefined;
      const tellFollowed = async () => {
        const queue = await taskQueue();
        for (const uri of await followed.takeChanged((id) => findTask(queue, id))) updated(uri);
      };
      const tell = () => {
        timer = undefined;
        for (const uri of READERS.keys()) updated(uri);
        tellFollowed().catch((error: unknown) =>
          logger.debug('Single tasks cannot be told of now; the next change will.', { error }),
        );
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
  return (queue, cursor) => readTasks(queue, queue.list({ status, limit: TASKS_MAX, cursor }));
}

/** Undefined for addresses of other things; throws for a cursor that no listing gave out. */
async function readBody(uri: string, taskQueue: ToolDeps['taskQueue']): Promise<object | undefined> {
  const match = /^(task:\/\/([^?#]+))(?:\?cursor=([^&#]*))?$/.exec(uri);
  if (match === null) return undefined;
  const [, address = '', , typed] = match;
  const isPaged = address.startsWith(FILTER_PREFIX) || PAGED.some((paged) => paged === address);
  const cursor = typed === undefined ? undefined : decodeSegment(typed);
  if (typed !== undefined && (cursor === undefined || !isPaged)) return undefined;
  return READERS.get(address)?.(await taskQueue(), cursor);
}

/** Undefined for addresses of other things. */
async function readTask(uri: string, taskQueue: ToolDeps['taskQueue']): Promise<TaskItem | undefined> {
  const [, id = ''] = /^task:\/\/([^/?#]+)$/.exec(uri) ?? [];
  return taskNumber(id) === undefined ? undefined : findTask(await taskQueue(), id);
}

async function findTask(queue: TaskQueue, id: string): Promise<TaskItem | undefined> {
  try {
    return await queue.find(id);
  } catch (error) {
    if (error instanceof Fault && error.code === 'TASK_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Says how many tasks there are besides those that are shown. */
async function readTasks(queue: TaskQueue, page: Promise<TaskPage>): Promise<object> {
  const { tasks, next_cursor } = await page;
  const { breaker: _breaker, ...totals } = await queue.stats();
  return { tasks, more: next_cursor !== undefined, next_cursor, totals };
}
