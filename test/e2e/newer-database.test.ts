import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { Scratch } from '../support/scratch.ts';
import { relayFiles } from '../support/workflow-files.ts';
import { scenario } from './scenario.ts';

scenario(
  'a database from a newer version is refused, and stays as it is',
  ['newer-database-refused', 'stdout-is-protocol'],
  async (scratch) => {
    await makeDatabase(scratch);
    const database = new Database(scratch.databasePath);
    database
      .prepare(
        "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('from-the-future', 4102444800000)",
      )
      .run();
    database.exec('ALTER TABLE workflow_instances ADD COLUMN mood TEXT');
    database.close();
    const before = await fingerprint(scratch);

    await expectRefusal(scratch, { code: 'STORAGE_TOO_NEW', says: /newer version[\s\S]*[Uu]pdate/ });
    expect(await fingerprint(scratch)).toEqual(before);
  },
);

scenario(
  'what is no database at all is refused, and stays as it is',
  ['newer-database-refused'],
  async (scratch) => {
    await makeDatabase(scratch);
    await writeFile(scratch.databasePath, 'These are my notes, and no database.\n'.repeat(50));
    const before = await fingerprint(scratch);
    await expectRefusal(scratch, { code: 'STORAGE_CORRUPT', says: /\S/ });
    expect(await fingerprint(scratch)).toEqual(before);
  },
);

interface Refusal {
  readonly code: string;
  readonly says: RegExp;
}

/** The server still says what it offers, each call says why it cannot; commands say it and end. */
async function expectRefusal(scratch: Scratch, { code, says }: Refusal): Promise<void> {
  const server = scratch.startServer();
  await server.initialize();
  expect((await server.answerTo(server.send('tools/list'))).error).toBeUndefined();
  for (const [name, args] of [
    ['start_workflow', { workflow_name: 'RELAY' }],
    ['list_instances', {}],
  ] as const)
    expect(await server.callTool(name, args)).toMatchObject({
      isError: true,
      body: { error_code: code, message: expect.stringMatching(/\S/), hint: expect.stringMatching(/\S/) },
    });
  server.endInput();
  expect(await server.exited).toEqual({ code: 0, signal: null });

  const command = scratch.startServer({ args: ['status'] });
  expect(await command.exited).toEqual({ code: 1, signal: null });
  expect(command.stderr()).toMatch(says);
  expect(command.stderr()).not.toMatch(/\n\s+at /);
  expect(command.lines).toEqual([]);
}

/** As a server leaves it that ended in good order. */
async function makeDatabase(scratch: Scratch): Promise<void> {
  await scratch.writeWorkflow('RELAY', relayFiles(['only_step']));
  const server = scratch.startServer();
  await server.initialize();
  await server.callTool('start_workflow', { workflow_name: 'RELAY' });
  server.endInput();
  await server.exited;
}

/** The bytes of the database and of its log; to look at a log, SQLite makes an empty one, and an index to it. */
async function fingerprint({ databasePath }: Scratch) {
  const log = await readFile(`${databasePath}-wal`).catch(() => Buffer.alloc(0));
  return {
    database: createHash('sha256')
      .update(await readFile(databasePath))
      .digest('hex'),
    logBytes: log.length,
  };
}
