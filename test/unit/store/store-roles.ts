import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { silentLogger } from '../../../src/domain/logger.ts';
import { openSqliteStores, type SqliteStores } from '../../../src/store/sqlite/open-sqlite-stores.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';

// What the processes that tests start do with a database. Every line is written before anything else
// happens, so that the test knows exactly what was acknowledged when it kills the process.
const say = (line: string | number) => writeSync(1, `${line}\n`);

const roles: Record<string, (stores: SqliteStores, args: readonly string[]) => Promise<void>> = {
  /** Opens the store and nothing else. */
  async open() {},

  /** Moves one instance a number of times, against others that do the same. */
  async contend({ store }, [instanceId = '', seed, count]) {
    const samples = createSampleRuns(Number(seed));
    let superseded = 0;
    for (let committed = 0; committed < Number(count); ) {
      const instance = await store.findInstance(instanceId);
      if (instance === undefined) throw new Error('The instance is gone.');
      const { outcome } = await store.commitTransition(samples.advance(instance));
      if (outcome === 'committed') committed++;
      else superseded++;
    }
    say(superseded);
  },

  /** Moves one instance until it is killed, and says each revision that was committed. */
  async advance({ store }, [instanceId = '', seed]) {
    const samples = createSampleRuns(Number(seed));
    for (;;) {
      const instance = await store.findInstance(instanceId);
      if (instance === undefined) throw new Error('The instance is gone.');
      const transition = samples.advance(instance);
      await store.commitTransition(transition);
      say(transition.instance.revision);
    }
  },

  /** Claims tasks until there are none, and says each that it got. */
  async claim({ tasks }) {
    for (;;) {
      const task = await tasks.claimTask((given) => ({ ...given, status: 'in_progress' }));
      if (task === undefined) return;
      say(task.id);
    }
  },
};

const [, , role = '', path = '', ...args] = process.argv;
say('ready');
await once(process.stdin, 'data');
const stores = await openSqliteStores({
  path,
  migrationsFolder: 'src/store/migrations/sqlite',
  logger: silentLogger,
});
await roles[role]?.(stores, args);
await stores.close();
