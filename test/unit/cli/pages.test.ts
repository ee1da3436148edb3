import { expect, test } from 'vitest';
import { collectPages } from '../../../src/cli/pages.ts';

/** A listing of five that hands out at most two at once. */
async function fetchPage({ limit, cursor = '0' }: { readonly limit: number; readonly cursor?: string }) {
  const start = Number(cursor);
  const end = Math.min(start + Math.min(limit, 2), 5);
  const items = [0, 1, 2, 3, 4].slice(start, end);
  return { items, nextCursor: end < 5 ? String(end) : undefined };
}

test('without a limit, everything', async () => {
  expect(await collectPages(fetchPage)).toEqual({ items: [0, 1, 2, 3, 4] });
});

test('with a limit, exactly so many, and where the rest starts', async () => {
  expect(await collectPages(fetchPage, 3)).toEqual({ items: [0, 1, 2], nextCursor: '3' });
  expect(await collectPages(fetchPage, 5)).toEqual({ items: [0, 1, 2, 3, 4] });
});
