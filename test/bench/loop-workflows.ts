import { join } from 'node:path';
import { type WorkflowFiles, writeWorkflow } from './workflow-files.ts';

/** Its steps declare where they lead, so that no decider is asked. */
export const DECLARED_LOOP = 'DECLARED_LOOP';
/** The decider reads the guidance of each step. */
export const GUIDED_LOOP = 'GUIDED_LOOP';

/**
 * Two workflows that never end: the same two steps in turn, as often as a measurement likes. Returns their root, which
 * is not `folder` itself: that one may hold a database, and each write to it would wake whoever watches the workflows.
 */
export async function writeLoopWorkflows(folder: string): Promise<string> {
  const root = join(folder, 'workflows');
  for (const files of [loop(DECLARED_LOOP, true), loop(GUIDED_LOOP, false)]) await writeWorkflow(root, files);
  return root;
}

function loop(name: string, declared: boolean): WorkflowFiles {
  const step = (own: string, other: string) => ({
    name: own,
    guidance: `If the report says failure, proceed to FINISH. Otherwise proceed to ${other}.`,
    instructions: 'Look at the next item of the list, note what you found, and report it.',
    alwaysTo: declared ? other : undefined,
  });
  return {
    name,
    goal: 'Goes through a list that has no end.',
    steps: [step('take_item', 'note_item'), step('note_item', 'take_item')],
  };
}

const REPORT_BYTES = 200;

/** A report of 200 bytes. */
export const LOOP_REPORT = paddedReport(REPORT_BYTES);

function paddedReport(bytes: number) {
  const report = (message: string) => ({ status: 'success', result: { found: true }, message });
  return report('x'.repeat(bytes - JSON.stringify(report('')).length));
}
