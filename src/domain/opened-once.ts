/**
 * Opens something when it is first asked for, once for all who ask. After a failure, which all who wait for it
 * get, the next one who asks tries again.
 */
export function openedOnce<Opened>(open: () => Promise<Opened>): () => Promise<Opened> {
  let opening: Promise<Opened> | undefined;
  return () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}
