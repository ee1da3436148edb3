import { resolve } from 'node:path';
import { type Clock, systemClock } from '../domain/clock.ts';
import { canonicalJson } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import type { Logger } from '../domain/logger.ts';
import { pinDefinition } from '../domain/pin-definition.ts';
import type { Definitions, LoadedWorkflow, WorkflowNamesChange } from './definitions.ts';
import { type FileSignature, isUnchanged } from './file-signature.ts';
import { watchFolders } from './folder-watcher.ts';
import type { WorkflowLoader } from './load-workflow.ts';
import { createRecentlyUsed } from './recently-used.ts';
import { openRootFolders } from './root-folders.ts';
import type { WorkflowReading } from './workflow-files.ts';
import { createWorkflowFolders, type FoundFolder } from './workflow-folders.ts';

/** More workflows than anyone uses at a time; the others are read again when they are asked for. */
const LOADED_MAX = 1_000;
/** Watching costs a handle for each folder. */
const WATCHED_MAX = 1_000;
const CONCURRENT_LOADS_MAX = 8;

export interface CreateDefinitionsParams {
  /** Workflow folders; the earlier wins where two hold the same name. They need not exist. */
  readonly roots: readonly string[];
  /** Where AGENT_STATES is looked for if none of the roots has it. */
  readonly statesRoot?: string;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Of the machine whose file system it is. */
  readonly clock?: Clock;
}

interface CachedWorkflow {
  readonly loaded: LoadedWorkflow;
  readonly signatures: readonly FileSignature[];
}

/**
 * The workflows of some folders. Nothing is read before it is asked for, and nothing is parsed twice: what was
 * read is kept for as long as every file that went into it, and every file that was missed, is as it was.
 */
export function createDefinitions(params: CreateDefinitionsParams): Definitions {
  const { limits, logger, clock = systemClock } = params;
  const roots = params.roots.map((root) => resolve(root));
  const nowMs = () => Date.parse(clock.now());
  const statesRoot = params.statesRoot === undefined ? undefined : resolve(params.statesRoot);
  const folders = createWorkflowFolders({ roots, statesRoot, nowMs });
  const cache = createRecentlyUsed<string, CachedWorkflow>(LOADED_MAX);
  const loading = new Map<string, Promise<LoadedWorkflow | undefined>>();
  const listeners = new Set<(change: WorkflowNamesChange) => void>();
  let lastNames: readonly string[] | undefined;
  let loader: Promise<WorkflowLoader> | undefined;
  let stopWatching: (() => Promise<void>) | undefined;
  let isClosed = false;

  function notify(names: readonly string[]): void {
    if (names.length === 0) return;
    for (const listener of [...listeners]) {
      try {
        listener({ names });
      } catch (error) {
        logger.error('A listener of workflow changes failed.', {
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
  }

  function scanNames(): readonly string[] {
    const names = folders.names();
    const before = lastNames;
    lastNames = names;
    if (before === undefined) return names;
    const changed = difference(before, names);
    // Told now: `find` need not tell once more that they are gone.
    const present = new Set(names);
    for (const name of changed) if (!present.has(name)) cache.delete(name);
    notify(changed);
    return names;
  }

  /** The parser and its company are large: they are loaded when the first workflow is. */
  function openLoader(): Promise<WorkflowLoader> {
    loader ??= import('./load-workflow.ts').then((module) => module.createWorkflowLoader({ limits, nowMs }));
    return loader;
  }

  async function load(name: string, { folder, earlier }: FoundFolder): Promise<LoadedWorkflow> {
    const [readWorkflow, rootFolders] = await Promise.all([
      openLoader(),
      openRootFolders(statesRoot === undefined ? roots : [...roots, statesRoot]),
    ]);
    const reading = await readWorkflow({ name, folder, roots: rootFolders });
    const loaded = loadedFrom(reading);
    const known = cache.get(name);
    cache.set(name, { loaded, signatures: [...earlier, ...reading.signatures] });
    if (known !== undefined && !isSame(known.loaded, loaded)) notify([name]);
    return loaded;
  }

  async function findNow(name: string): Promise<LoadedWorkflow | undefined> {
    const cached = cache.get(name);
    const now = nowMs();
    if (cached?.signatures.every((signed) => isUnchanged(signed, now)) === true) return cached.loaded;
    const found = folders.find(name);
    if (found !== undefined) return load(name, found);
    folders.forget(name);
    if (cached !== undefined) {
      cache.delete(name);
      lastNames = lastNames?.filter((each) => each !== name);
      notify([name]);
    }
    return undefined;
  }

  async function find(name: string): Promise<LoadedWorkflow | undefined> {
    // One load at a time; what it found may be outdated by now, and is checked like anything that was read before.
    await loading.get(name)?.catch(() => undefined);
    const underWay = loading.get(name) ?? findNow(name);
    loading.set(name, underWay);
    try {
      return await underWay;
    } finally {
      if (loading.get(name) === underWay) loading.delete(name);
    }
  }

  /** Looks again at everything that a listener may have been told about. */
  async function refresh(): Promise<void> {
    const known = [...cache.keys()];
    scanNames();
    for (const name of known) await find(name);
  }

  function startWatching(): void {
    if (stopWatching !== undefined || isClosed || scanNames().length > WATCHED_MAX) return;
    stopWatching = watchFolders({
      folders: roots,
      logger,
      onHint: () =>
        void refresh().catch((error: unknown) => logger.error('Workflow folders cannot be read.', { error })),
    });
  }

  return {
    names: async () => scanNames(),

    async list({ limit, cursor }) {
      const names = scanNames();
      const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString('utf8');
      const start = after === undefined ? 0 : names.findIndex((name) => name > after);
      const size = Math.max(1, Math.min(limit, limits.pageSizeMax));
      const page = start === -1 ? [] : names.slice(start, start + size);
      const items: LoadedWorkflow[] = [];
      for (let from = 0; from < page.length; from += CONCURRENT_LOADS_MAX) {
        const found = await Promise.all(page.slice(from, from + CONCURRENT_LOADS_MAX).map(find));
        items.push(...found.filter((item) => item !== undefined));
      }
      const last = page.at(-1);
      const isEnd = last === undefined || start + size >= names.length;
      return { items, ...(!isEnd && { nextCursor: Buffer.from(last, 'utf8').toString('base64url') }) };
    },

    find,

    onChange(listener) {
      // A wrapper of its own, so that a listener that registers twice is called twice.
      const registered = (change: WorkflowNamesChange) => listener(change);
      listeners.add(registered);
      // Not now: whoever starts up has more urgent things to do than to look through the folders.
      setImmediate(startWatching).unref();
      return () => void listeners.delete(registered);
    },

    async close() {
      isClosed = true;
      listeners.clear();
      await stopWatching?.();
    },
  };
}

function loadedFrom({ name, diagnostics, parsed, sources }: WorkflowReading): LoadedWorkflow {
  if (parsed === undefined) return { name, usable: false, diagnostics };
  return { name, usable: true, pinned: pinDefinition(parsed.definition), sources, diagnostics };
}

function isSame(one: LoadedWorkflow, other: LoadedWorkflow): boolean {
  const hash = (loaded: LoadedWorkflow) => (loaded.usable ? loaded.pinned.hash : '');
  return hash(one) === hash(other) && canonicalJson(one.diagnostics) === canonicalJson(other.diagnostics);
}

/** Names that are in one of two sorted lists only. */
function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  const old = new Set(before);
  const fresh = new Set(after);
  return [...after.filter((name) => !old.has(name)), ...before.filter((name) => !fresh.has(name))];
}
