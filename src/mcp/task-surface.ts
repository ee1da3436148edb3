import { createTaskResources } from './task-resources.ts';
import { addTask } from './tools/add-task.ts';
import { addTasksBatch } from './tools/add-tasks-batch.ts';
import { claimNextTask } from './tools/claim-next-task.ts';
import { clearCompleted } from './tools/clear-completed.ts';
import { completeTask } from './tools/complete-task.ts';
import { completeTasksBatch } from './tools/complete-tasks-batch.ts';
import { failTask } from './tools/fail-task.ts';
import { getNextTask } from './tools/get-next-task.ts';
import { resetAllTasks } from './tools/reset-all-tasks.ts';
import { retryTask } from './tools/retry-task.ts';
import { runOrchestrator } from './tools/run-orchestrator.ts';
import { startTask } from './tools/start-task.ts';
import type { ToolsetSurface } from './toolset-surface.ts';

/** The toolset `tasks`. */
export const taskSurface: ToolsetSurface = {
  instructions: `\
It keeps a task queue, which several workers may share. add_task keeps work for later. To work: claim_next_task, do what it \
says, complete_task with the result and the fencing_token (fail_task if it cannot be done), and again, until none is left. \
A result is not good enough: retry_task with feedback, instead of complete_task. LEASE_LOST: another worker has the task, leave it. Give add_task, \
claim_next_task and retry_task a request_id: then the same call may be sent again if no answer comes. Lost track: \
get_next_task names what is in progress. task://queue lists tasks, task://{task_id} shows all of one, task://stats how many.`,
  tools: [
    addTask,
    addTasksBatch,
    getNextTask,
    claimNextTask,
    startTask,
    completeTask,
    completeTasksBatch,
    failTask,
    retryTask,
    clearCompleted,
    resetAllTasks,
    runOrchestrator,
  ],
  resources: createTaskResources,
};
