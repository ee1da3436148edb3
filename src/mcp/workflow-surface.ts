import { advanceWorkflow } from './tools/advance-workflow.ts';
import { cancelWorkflow } from './tools/cancel-workflow.ts';
import { getHowtoCreateWorkflowContent } from './tools/get-howto-create-workflow-content.ts';
import { getWorkflowHistory } from './tools/get-workflow-history.ts';
import { getWorkflowStatus } from './tools/get-workflow-status.ts';
import { listInstances } from './tools/list-instances.ts';
import { listWorkflows } from './tools/list-workflows.ts';
import { resumeWorkflow } from './tools/resume-workflow.ts';
import { startWorkflow } from './tools/start-workflow.ts';
import type { ToolsetSurface } from './toolset-surface.ts';
import { createWorkflowPrompts } from './workflow-prompts.ts';
import { createWorkflowResources } from './workflow-resources.ts';

/** The toolset `workflows`. */
export const workflowSurface: ToolsetSurface = {
  // Under 150 words: the loop, and how not to get lost in it.
  instructions: `\
This server runs workflows: you carry out the steps, it remembers each run and decides what comes next.

1. start_workflow (list_workflows shows names and inputs).
2. Do exactly what next_step.instructions says. failed_scripts: steps of the server that failed; the user should know.
3. advance_workflow with the step_token from that answer and a report: status "success" or "failure", plus result and \
message. Put facts that later steps need into context_updates. If that answer had a decision_request, its guidance tells \
which of its options fits your outcome: pass it as next_step_name.
4. Repeat 2 and 3 until status is COMPLETED.

Report only what you really did; never skip, invent or merge steps. advance_workflow or resume_workflow gave \
no answer, or timed out: send the same call again, it is safe. Lost track, a new session, or STALE_STEP: list_instances, then resume_workflow. Errors say what to do next.`,
  tools: [
    listWorkflows,
    startWorkflow,
    advanceWorkflow,
    resumeWorkflow,
    getWorkflowStatus,
    listInstances,
    getWorkflowHistory,
    cancelWorkflow,
    getHowtoCreateWorkflowContent,
  ],
  resources: createWorkflowResources,
  prompts: createWorkflowPrompts,
};
