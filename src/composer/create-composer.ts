import type { Clock } from '../domain/clock.ts';
import type { Ids } from '../domain/ids.ts';
import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { ToolPolicy } from '../domain/tool-policy.ts';
import type { Hub } from '../hub/hub.ts';
import type { ScriptRunner } from '../sandbox/runner.ts';
import type { JournalStore } from '../store/journal-store.ts';
import type { Composer } from './composer.ts';
import { documentationOf } from './documentation.ts';
import { executeScript } from './execute-script.ts';
import type { ComposerLimits } from './limits.ts';
import { createResultSamples } from './result-samples.ts';
import { bestTools, rankTools } from './search-tools.ts';
import { askServers } from './server-tools.ts';
import { createToolDirectory, type NameTools } from './tool-directory.ts';
import { toolList } from './tool-lists.ts';

export interface ComposerParams {
  readonly hub: Hub;
  readonly runner: ScriptRunner;
  readonly journal: JournalStore;
  readonly nameTools: NameTools;
  readonly policyOf: (server: string, tool: string) => ToolPolicy;
  /** What to say of it that there is no server, where there is none. */
  readonly noServersNote: string;
  readonly limits: ComposerLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  /** Uniform in [0, 1); seeds the luck of scripts. */
  readonly random: () => number;
  readonly logger: Logger;
}

export function createComposer(params: ComposerParams): Composer {
  const { hub, nameTools, noServersNote, limits, timers } = params;
  const directory = createToolDirectory(params);
  const samples = createResultSamples();

  /** Waits only the first time that a server is heard of, and not for long. */
  async function knownTools() {
    await askServers({ hub, isWanted: () => true, waitMs: limits.lookupMs, timers });
    return directory.known();
  }

  return {
    execute: (execution) => executeScript({ ...params, directory, samples }, execution),
    async listTools() {
      return toolList(await knownTools(), noServersNote);
    },
    async searchTools(query) {
      const { tools, servers } = await knownTools();
      const found = rankTools(tools, query).slice(0, limits.toolsFoundMax);
      return toolList({ tools: found, servers }, noServersNote);
    },
    async refreshTools(signal) {
      await hub.refreshCatalogue(signal);
      return toolList(directory.known(), noServersNote);
    },
    async documentation({ query, detail }) {
      const known = await knownTools();
      const tools =
        query === undefined ? known.tools : bestTools(known.tools, query).slice(0, limits.toolsFoundMax);
      // Names depend on which tools there are, so that all are named, and some described.
      const functions = new Map(
        nameTools(known.tools.map(({ tool }) => ({ ...tool, samples: samples.of(tool) }))).map((each) => [
          each.functionName,
          each,
        ]),
      );
      return documentationOf({
        tools,
        functions: tools.flatMap(({ functionName }) => functions.get(functionName) ?? []),
        servers: known.servers,
        noServersNote,
        detail,
        query,
        limits: limits.script,
        charactersMax: limits.documentationCharactersMax,
      });
    },
  };
}
