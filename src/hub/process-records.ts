import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Logger } from '../domain/logger.ts';
import { identifyProcess, isSameProcess, type ProcessIdentity } from './process-identity.ts';
import { killMarked } from './process-mark.ts';
import { signalGroup } from './signals.ts';

/**
 * Which servers a process of ours has started, in a file that outlives it: should both it and its guardian be killed,
 * the next one ends what they left.
 */
export interface ProcessRecord {
  /** Replaces what was written before. Never fails: a server works without a record. */
  write(servers: readonly ProcessIdentity[]): Promise<void>;
  remove(): Promise<void>;
  /** Once everything that was asked for is done. */
  settled(): Promise<void>;
}

const identitySchema = z.object({ pid: z.number().int().positive(), startedAt: z.string() });
const recordSchema = z.object({
  owner: identitySchema,
  mark: z.string().regex(/^[0-9a-f]{32}$/),
  servers: z.array(identitySchema),
});

export interface RecordParams {
  /** Where the files are; made if it is not there. */
  readonly folder: string;
  /** See `process-mark.ts`. */
  readonly mark: string;
  readonly logger: Logger;
}

export function createProcessRecord({ folder, mark, logger }: RecordParams): ProcessRecord {
  const path = placeOfProcesses().then((place) => join(folder, `${place}-${process.pid}-${mark}.json`));
  const owner = identifyProcess(process.pid);
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work).catch((error: unknown) => {
      logger.warn('The record of downstream servers could not be written.', { folder, error });
    });
    return last;
  };
  return {
    write: (servers) =>
      inTurn(async () => {
        const text = JSON.stringify({ owner: await owner, mark, servers });
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // Renamed, so that nobody reads half a record.
        await writeFile(`${await path}.new`, text, { mode: 0o600 });
        await rename(`${await path}.new`, await path);
      }),
    remove: () => inTurn(async () => rm(await path, { force: true })),
    settled: () => last,
  };
}

/** Ends the servers of processes of ours that are gone. Returns how many records that were. */
export async function reapOrphans({ folder, logger }: Omit<RecordParams, 'mark'>): Promise<number> {
  const place = await placeOfProcesses();
  const names = await readdir(folder).catch(() => []);
  let reaped = 0;
  for (const name of names.filter((file) => file.startsWith(`${place}-`) && file.endsWith('.json'))) {
    const path = join(folder, name);
    const record = recordSchema.safeParse(await readJson(path));
    if (record.success && (await isSameProcess(record.data.owner))) continue;
    if (record.success) {
      for (const server of record.data.servers)
        if (await isSameProcess(server)) signalGroup(server.pid, 'SIGKILL');
      const killed = await killMarked(record.data.mark);
      logger.info('Ended what an earlier process left of its downstream servers.', { killed });
      reaped += 1;
    }
    await rm(path, { force: true });
  }
  return reaped;
}

/**
 * Pids mean something only within one run of one machine, and one container of it: processes elsewhere may share the
 * folder, and none of theirs must be taken for one of ours.
 */
async function placeOfProcesses(): Promise<string> {
  const parts = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname()),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

async function readJson(path: string): Promise<unknown> {
  return readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as unknown)
    .catch(() => undefined);
}
