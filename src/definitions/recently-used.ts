/** A map that forgets what was not asked for the longest once it is full. */
export interface RecentlyUsed<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  keys(): Iterable<Key>;
}

export function createRecentlyUsed<Key, Value>(entriesMax: number): RecentlyUsed<Key, Value> {
  // A Map iterates in the order of insertion, so its first key is the one that was touched the longest ago.
  const entries = new Map<Key, Value>();
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= entriesMax) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        break;
      }
    },
    delete: (key) => void entries.delete(key),
    keys: () => entries.keys(),
  };
}
