import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';

// What the processes that tests start do with a database. Every line is written before anything else
// happens, so that the test knows exactly what was acknowledged when it kills the process.
const say = (line: string | number) => writeSync(1, `${line}\n`);

const roles: Record<string, (store: Store, args: readonly string[]) => Promise<void>> = {
  /** Opens the store and nothing else. */
  async open() {},

  /** Moves one instance a number of times, against others that do the same. */
  async contend(store, [instanceId = '', seed, count]) {
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
  async advance(store, [instanceId = '', seed]) {
    const samples = createSampleRuns(Number(seed));
    for (;;) {
      const instance = await store.findInstance(instanceId);
      if (instance === undefined) throw new Error('The instance is gone.');
      const transition = samples.advance(instance);
      await store.commitTransition(transition);
      say(transition.instance.revision);
    }
  },
};

const [, , role = '', path = '', ...args] = process.argv;
say('ready');
await once(process.stdin, 'data');
const store = await createSqliteStore({
  path,
  migrationsFolder: 'src/store/migrations/sqlite',
  logger: silentLogger,
});
await roles[role]?.(store, args);
await store.close();
