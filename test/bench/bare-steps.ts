import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LOOP_REPORT } from './loop-workflows.ts';

/** The least that a durable step can be: one row inserted and one updated, in a transaction of its own. */
export function openBareSteps(folder: string): () => void {
  const db = new Database(join(folder, 'floor.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`
    CREATE TABLE instance (id TEXT PRIMARY KEY, revision INTEGER, token TEXT);
    CREATE TABLE history (id INTEGER PRIMARY KEY, instance_id TEXT, revision INTEGER, report TEXT);
    INSERT INTO instance VALUES ('one', 0, '');
  `);
  const insert = db.prepare('INSERT INTO history (instance_id, revision, report) VALUES (?, ?, ?)');
  const update = db.prepare('UPDATE instance SET revision = ?, token = ? WHERE id = ? AND revision = ?');
  let revision = 0;
  const step = db.transaction(() => {
    insert.run('one', revision + 1, JSON.stringify(LOOP_REPORT));
    update.run(revision + 1, `token-${revision}`, 'one', revision);
    revision++;
  });
  return () => step.immediate();
}
