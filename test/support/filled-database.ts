import type { Instance } from '../../src/domain/instance.ts';
import { pinDefinition } from '../../src/domain/pin-definition.ts';
import { createBusyRetry } from '../../src/store/sqlite/busy-retry.ts';
import { migrate, readMigrations } from '../../src/store/sqlite/migrate.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createStoreOnConnection } from '../../src/store/sqlite/store-on-connection.ts';
import type { Store } from '../../src/store/store.ts';
import { createSampleRuns } from './sample-runs.ts';

export const MIGRATIONS = 'src/store/migrations/sqlite';

export interface FillParams {
  readonly path: string;
  readonly instances: number;
  /** Transitions of each instance after its start. */
  readonly steps: number;
  /** Every so manieth instance is finished; 0: none. */
  readonly finishEvery?: number;
  readonly migrationsFolder?: string;
  /** How much each report says. */
  readonly reportChars?: number;
}

/** Makes a closed database through the store itself, without waiting for the disk. Returns the instances. */
export async function fillDatabase(params: FillParams): Promise<readonly Instance[]> {
  const { path, instances, steps, finishEvery = 0, migrationsFolder = MIGRATIONS, reportChars = 60 } = params;
  const retry = createBusyRetry({ budgetMs: 1_000, random: Math.random });
  const client = await openDatabase({ path, retry, inspect: () => {} });
  await migrate({ client, retry, known: readMigrations(migrationsFolder) });
  client.pragma('synchronous = OFF');
  const store: Store = createStoreOnConnection({ client, retry });
  const samples = createSampleRuns();
  const definitions = ['ONE', 'OTHER'].map((name) => {
    const { definition } = samples.definition({ name });
    return pinDefinition(definition);
  });
  const filled: Instance[] = [];
  for (let number = 0; number < instances; number++) {
    const start = samples.start({ definition: definitions[number % definitions.length] });
    await store.startInstance(start);
    let { instance } = start;
    for (let step = 1; step <= steps; step++) {
      const ends = step === steps && finishEvery > 0 && number % finishEvery === 0;
      const transition = samples.advance(instance, {
        instance: {
          context: { number, step, text: `step ${step} of ${number}` },
          ...(ends && { status: 'COMPLETED', currentStepName: 'FINISH', completedAt: instance.updatedAt }),
        },
        entry: {
          report: { status: 'success', message: `r${step}`.padEnd(reportChars, '.') },
          requestId: step % 2 === 0 ? `request-${number}-${step}` : undefined,
        },
      });
      await store.commitTransition(transition);
      if (step % 5 === 0) await store.recordNote(samples.note(transition.instance));
      instance = transition.instance;
    }
    filled.push(instance);
  }
  client.pragma('wal_checkpoint(TRUNCATE)');
  await store.close();
  return filled;
}
