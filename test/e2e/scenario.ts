import { test } from 'vitest';
import { CLIENTS, type ConnectParams, type TestClient } from '../support/mcp-clients.ts';
import { PROTOCOL_CLIENTS, type ProtocolClient } from '../support/protocol-client.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import type { RequirementId } from './requirements.ts';

/** Some start dozens of servers, one after the other, on machines that do other things as well. */
const TIMEOUT_MS = 180_000;

/** One test of the built program, in a folder of its own, and the requirements that it shows. */
export function scenario(
  title: string,
  shows: readonly RequirementId[],
  run: (scratch: Scratch) => Promise<void>,
): void {
  test(titled(title, shows), () => inScratch(run), TIMEOUT_MS);
}

type Connect = (params: ConnectParams) => Promise<TestClient>;

/** The same once for each kind of client that there is. */
export function scenarioPerClient(
  title: string,
  shows: readonly RequirementId[],
  run: (scratch: Scratch, connect: Connect) => Promise<void>,
): void {
  for (const [name, connect] of Object.entries(CLIENTS))
    test(`${name}: ${titled(title, shows)}`, () => inScratch((scratch) => run(scratch, connect)), TIMEOUT_MS);
}

type Open = (params: ConnectParams) => Promise<ProtocolClient>;

/** The same once for each protocol era, where more of the protocol than tools is looked at. */
export function scenarioPerProtocol(
  title: string,
  shows: readonly RequirementId[],
  run: (scratch: Scratch, open: Open) => Promise<void>,
): void {
  for (const [name, open] of Object.entries(PROTOCOL_CLIENTS))
    test(`${name}: ${titled(title, shows)}`, () => inScratch((scratch) => run(scratch, open)), TIMEOUT_MS);
}

function titled(title: string, shows: readonly RequirementId[]): string {
  return `${title} [${shows.join(', ')}]`;
}

async function inScratch(run: (scratch: Scratch) => Promise<void>): Promise<void> {
  const scratch = await createScratch();
  try {
    await run(scratch);
  } finally {
    await scratch.dispose();
  }
}
