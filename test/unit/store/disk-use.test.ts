import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { createSampleRuns } from '../../support/sample-runs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('takes less than 1 KB a step besides what was reported', async () => {
  const path = join(temporaryFolder(), 'workflows.sqlite');
  const params = { path, migrationsFolder: 'src/store/migrations/sqlite', logger: silentLogger };
  const store = await createSqliteStore(params);
  const samples = createSampleRuns();
  const start = samples.start();
  await store.startInstance(start);
  let { instance } = start;
  const report = { step_id: 'first', status: 'success', message: 'm'.repeat(150) };
  const steps = 2_000;
  for (let step = 0; step < steps; step++) {
    const transition = samples.advance(instance, {
      entry: {
        report,
        requestId: `request-${step}`,
        decision: {
          decider: 'stub',
          nextStepName: 'first',
          updatedContext: [],
          candidates: ['first', 'FINISH'],
          reasoning: 'The guidance names no other step.',
        },
      },
    });
    await store.commitTransition(transition);
    instance = transition.instance;
  }
  await store.close();
  const payloadBytes = JSON.stringify(report).length;
  expect(statSync(path).size / steps - payloadBytes).toBeLessThan(1_000);
});
