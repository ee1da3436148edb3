import type { Page } from '../domain/page.ts';

/** What is asked for at once; the engine cuts it to its own limit. */
const PAGE_SIZE = 200;

type FetchPage<Item> = (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Item>>;

/** The first `limit` items of a listing, and where the next ones start if there are any. */
export async function collectPages<Item>(
  fetchPage: FetchPage<Item>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let nextCursor: string | undefined;
  do {
    const page = await fetchPage({ limit: Math.min(PAGE_SIZE, limit - items.length), cursor: nextCursor });
    items.push(...page.items);
    nextCursor = page.nextCursor;
  } while (nextCursor !== undefined && items.length < limit);
  return { items, nextCursor };
}
