import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_STATES } from '../domain/session.ts';
import { type FileSignature, isUnchanged, signFile } from './file-signature.ts';
import { INDEX_FILE } from './workflow-files.ts';

/** Up to so many folders, each is looked into on every scan; beyond, only those that are new. */
const RECHECKED_MAX = 1_000;

export interface WorkflowFolders {
  /**
   * Names of the folders that hold an `index.md`, sorted. Where several roots have one, it counts once. Those of
   * AGENT_STATES are no workflow that anyone starts, and are not among them.
   */
  names(): readonly string[];
  /** The folder of a workflow in the first root that has it; undefined for names that cannot be one. */
  find(name: string): FoundFolder | undefined;
  /** Says that a folder no longer is what {@link WorkflowFolders.names} took it for. */
  forget(name: string): void;
}

export interface FoundFolder {
  /** Absolute. */
  readonly folder: string;
  /** The places of earlier roots where a folder of that name would win. */
  readonly earlier: readonly FileSignature[];
}

interface RootScan {
  readonly signature: FileSignature;
  /** Every folder that may be a workflow, and whether it was one. */
  readonly entries: Map<string, boolean>;
}

export interface WorkflowFoldersParams {
  /** Absolute paths; the earlier wins. */
  readonly roots: readonly string[];
  /** The root of last resort for AGENT_STATES, and for nothing else. */
  readonly statesRoot?: string;
  /** The time on the clock that stamps files, in milliseconds since 1970. */
  readonly nowMs: () => number;
}

export function createWorkflowFolders({ roots, statesRoot, nowMs }: WorkflowFoldersParams): WorkflowFolders {
  const rootsOf = (name: string) =>
    name === AGENT_STATES && statesRoot !== undefined ? [...roots, statesRoot] : roots;
  const scans = new Map<string, RootScan>();

  function scan(root: string): RootScan {
    const known = scans.get(root);
    if (known !== undefined && isUnchanged(known.signature, nowMs())) {
      recheck(root, known.entries);
      return known;
    }
    const signature = signFile(root, nowMs());
    const entries = new Map(
      candidatesIn(root).map((name) => [name, known?.entries.get(name) === true || holdsIndex(root, name)]),
    );
    const fresh = { signature, entries };
    if (known !== undefined) recheck(root, entries);
    scans.set(root, fresh);
    return fresh;
  }

  return {
    names() {
      const names = new Set<string>();
      for (const root of roots)
        for (const [name, isWorkflow] of scan(root).entries)
          if (isWorkflow && name !== AGENT_STATES) names.add(name);
      return [...names].sort();
    },
    find(name) {
      if (!isWorkflowName(name)) return undefined;
      const earlier: FileSignature[] = [];
      for (const root of rootsOf(name)) {
        if (holdsIndex(root, name)) return { folder: join(root, name), earlier };
        earlier.push(signFile(join(root, name, INDEX_FILE), nowMs()));
      }
      return undefined;
    },
    forget(name) {
      for (const { entries } of scans.values()) if (entries.has(name)) entries.set(name, false);
    },
  };
}

/** An `index.md` comes and goes without a trace in the folder above. */
function recheck(root: string, entries: Map<string, boolean>): void {
  const isSmall = entries.size <= RECHECKED_MAX;
  for (const [name, wasWorkflow] of entries)
    if (isSmall || !wasWorkflow) entries.set(name, holdsIndex(root, name));
}

function candidatesIn(root: string): readonly string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && isWorkflowName(entry.name))
      .map((entry) => entry.name);
  } catch {
    // A root that is not there (yet), or not readable, holds no workflows.
    return [];
  }
}

/** One path component, not hidden, without characters that would garble a listing. */
function isWorkflowName(name: string): boolean {
  return name !== '' && name.length <= 255 && !/^[._]|[/\\\p{Cc}]/u.test(name);
}

function holdsIndex(root: string, name: string): boolean {
  try {
    return statSync(join(root, name, INDEX_FILE), { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A circle of links, or a folder that may not be entered: listed with its error.
    return true;
  }
}
