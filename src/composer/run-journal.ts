import { failpoint } from '../domain/failpoint.ts';
import type { Timers } from '../domain/timers.ts';
import type { JournalEntry } from '../store/journal-store.ts';

/** How long an entry that nobody waits for may wait for others: what is lost of it in a crash is only called again. */
const LINGER_MS = 200;
/** Entries that are written without waiting for more, so that no commit holds up the process for long. */
const ENTRIES_GATHERED_MAX = 1_000;

/**
 * The journal of one run, written in the order of adding: whatever is durable, everything that was added before it is
 * durable too. Entries are gathered, because a durable commit takes longer than most calls.
 */
export interface RunJournal {
  /** The entry is written soon, and with the next that somebody waits for. */
  add(entry: JournalEntry): void;
  /** Resolves once everything that was added until now is durable. All who wait in one turn of the event loop share a commit. */
  durable(): Promise<void>;
}

export interface RunJournalParams {
  readonly append: (entries: readonly JournalEntry[]) => Promise<void>;
  readonly timers: Timers;
  /** Told once, when something could not be written: nothing is written after that, and `durable` rejects. */
  readonly onFailure: (error: unknown) => void;
}

export function createRunJournal({ append, timers, onFailure }: RunJournalParams): RunJournal {
  let gathered: JournalEntry[] = [];
  let stopLingering: (() => void) | undefined;
  /** The latest write that was begun or is to be; it has failed once one before it has. */
  let latest: Promise<void> = Promise.resolve();
  /** The same, as long as it has not begun: then what is added now is still written by it. */
  let upcoming: Promise<void> | undefined;

  async function write(before: Promise<void>): Promise<void> {
    await nextTurn();
    await before;
    upcoming = undefined;
    stopLingering?.();
    stopLingering = undefined;
    const entries = gathered;
    gathered = [];
    if (entries.length === 0) return;
    try {
      await append(entries);
    } catch (error) {
      onFailure(error);
      throw error;
    }
    failpoint('script_journal_written');
  }

  function durable(): Promise<void> {
    if (upcoming !== undefined) return upcoming;
    upcoming = write(latest);
    latest = upcoming;
    // Whoever waits hears of it; nobody may.
    latest.catch(() => {});
    return upcoming;
  }

  return {
    add(entry) {
      gathered.push(entry);
      if (gathered.length >= ENTRIES_GATHERED_MAX) void durable();
      else stopLingering ??= timers.start(LINGER_MS, () => void durable());
    },
    durable,
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
