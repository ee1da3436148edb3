import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JsonObject } from '../../src/domain/json.ts';
import type { ServerSpec } from '../../src/hub/hub.ts';

/** What a call left in the file of the fixture server. */
export interface LedgerEntry {
  readonly tool: 'post' | 'put';
  /** `run_id:seq`, as it came with the call. */
  readonly key: string;
  readonly args: JsonObject;
  /** The server knew the key, and did nothing. */
  readonly isRepeated: boolean;
}

/** The fixture server that keeps a ledger in this file. */
export function ledgerServer(file: string, env: Readonly<Record<string, string>> = {}): ServerSpec {
  return { command: process.execPath, args: [resolve('test/fixtures/servers/ledger.mjs'), file], env };
}

/** In the order in which the calls came. */
export function readLedger(file: string): readonly LedgerEntry[] {
  if (!existsSync(file)) return [];
  // The last line of a server that was killed may be cut off.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LedgerEntry);
}
