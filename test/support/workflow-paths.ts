import { readFile } from 'node:fs/promises';
import type { InstanceStatus } from '../../src/domain/instance.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Report } from '../../src/domain/report.ts';

/** One way through a shipped workflow, from its start to where the run stops. */
export interface WorkflowPath {
  readonly workflow: string;
  readonly name: string;
  readonly start_context: JsonObject;
  readonly ends: InstanceStatus;
  readonly steps: readonly PathStep[];
}

export interface PathStep {
  readonly step: string;
  /** What a client reports that carried out the step. */
  readonly report: Report;
  readonly context_updates?: JsonObject;
  /** Steps that the server carries out by itself after that. */
  readonly through?: readonly string[];
  /** Where the run goes then. */
  readonly next: string;
  /** `decider`: the transitions leave it open, and whoever decides chooses `next`. */
  readonly decided_by: 'transitions' | 'decider';
}

const FIXTURE = new URL('../fixtures/workflow-paths.json', import.meta.url);

export async function readWorkflowPaths(): Promise<readonly WorkflowPath[]> {
  return JSON.parse(await readFile(FIXTURE, 'utf8'));
}

/** The first way through a workflow on which nothing goes wrong. */
export function happyPath(paths: readonly WorkflowPath[], workflow: string): WorkflowPath {
  const path = paths.find((each) => each.workflow === workflow && each.name.startsWith('happy path'));
  if (path === undefined) throw new Error(`${workflow} has no happy path.`);
  return path;
}
