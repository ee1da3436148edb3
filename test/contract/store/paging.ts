import { expect } from 'vitest';
import type { Page } from '../../../src/domain/page.ts';
import type { PageParams } from '../../../src/store/store.ts';

/** Walks a listing to its end. */
export async function allPages<Item>(
  list: (page: PageParams) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[][]> {
  const pages: Item[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    pages.push([...page.items]);
    cursor = page.nextCursor;
    // Better a failure than a loop, should a cursor not lead on.
    expect(pages.length).toBeLessThan(1_000);
  } while (cursor !== undefined);
  return pages;
}

/** How a listing refuses a cursor that it did not give out. */
export const badCursor = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('cursor') };

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const garbageCursors = [
  '',
  'garbage',
  '☃',
  '../../etc/passwd',
  encoded(null),
  encoded([1, 2]),
  encoded({}),
  encoded({ updatedAt: 1, instanceId: 2 }),
  encoded({ revision: 'x', historyEntryId: null }),
  encoded({ revision: 1.5, historyEntryId: 1 }),
  encoded({ priority: '1', taskNumber: 1 }),
  encoded({ priority: 1, taskNumber: 1e300 }),
  encoded({ key: 1 }),
  encoded({ before: '7' }),
  `${encoded({ revision: 1, historyEntryId: 1 })}!`,
  `${encoded({ updatedAt: '2026', instanceId: 'a' })}=`,
];
