import type { Toolset } from '../domain/toolset.ts';
import type { Tool } from './tool.ts';
import { advanceWorkflow } from './tools/advance-workflow.ts';
import { cancelWorkflow } from './tools/cancel-workflow.ts';
import { getHowtoCreateWorkflowContent } from './tools/get-howto-create-workflow-content.ts';
import { getWorkflowHistory } from './tools/get-workflow-history.ts';
import { getWorkflowStatus } from './tools/get-workflow-status.ts';
import { listInstances } from './tools/list-instances.ts';
import { listWorkflows } from './tools/list-workflows.ts';
import { resumeWorkflow } from './tools/resume-workflow.ts';
import { startWorkflow } from './tools/start-workflow.ts';

const TOOLS: Readonly<Record<Toolset, readonly Tool[]>> = {
  workflows: [
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
  agent: [],
  tasks: [],
};

/** The tools of the chosen sets, in a fixed order. */
export function toolsOf(toolsets: readonly Toolset[]): readonly Tool[] {
  return toolsets.flatMap((toolset) => TOOLS[toolset]);
}
