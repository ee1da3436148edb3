/** What those who look after a database are told and may ask; `doctor`, `backup` and `prune` speak in these words. */
export interface DatabaseProblem {
  /**
   * `file`: it cannot be opened; `integrity`: SQLite finds its pages damaged; `history`: an entry is not what was
   * written; `instance`: an instance is not what was written, or not where its history ends; `definition`: a
   * definition is not what its hash names.
   */
  readonly check: 'file' | 'integrity' | 'history' | 'instance' | 'definition';
  readonly message: string;
  /** The code of the fault that a server would meet, where there is one. */
  readonly code?: string;
  readonly instanceId?: string;
}

export interface DatabaseReport {
  readonly path: string;
  readonly exists: boolean;
  readonly bytes: number;
  /** Migrations that the next server to start will apply; the rows cannot be checked before that. */
  readonly pendingMigrations: number;
  readonly instances: number;
  readonly entries: number;
  readonly definitions: number;
  /** Entries from before there was a hash chain: nothing tells whether they are what was written. */
  readonly unsealedEntries: number;
  /** At most 100 of them. */
  readonly problems: readonly DatabaseProblem[];
  readonly problemCount: number;
}

export interface BackupResult {
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
  readonly instances: number;
  readonly entries: number;
}

export interface PruneResult {
  readonly instances: number;
  readonly entries: number;
  /** Those of the instances' steps, and others. */
  readonly scriptRuns: number;
  readonly definitions: number;
  /** Of the file, before and after. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Within the file, for what is written next. */
  readonly freeBytes: number;
}

/** How long this disk takes to make a small write durable, in milliseconds. */
export interface SyncSpeed {
  readonly writes: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}
