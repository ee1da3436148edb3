import type { WorkflowPage } from '../engine/listings.ts';
import type { McpServerDeps } from './server.ts';
import { protocolError } from './wire-errors.ts';

/** One page of workflows for the listings that the protocol pages by itself. */
export async function listPage(
  { engine, logger }: McpServerDeps,
  cursor: string | undefined,
): Promise<WorkflowPage> {
  try {
    return await engine.listWorkflows({ cursor });
  } catch (error) {
    throw protocolError(error, logger);
  }
}
