import type { ScriptLimits } from '../sandbox/runner.ts';
import type { DocumentationParams, ServerNote } from './composer.ts';
import type { KnownTools, ScriptTool, ToolFunction } from './tool-directory.ts';
import { serverNote } from './tool-lists.ts';

/** From so many tools on, a documentation that does not say how much it wants has a line for each. */
const TOOLS_WITH_TYPES_MAX = 25;

export interface DocumentationOf {
  /** Those to be described, in this order. */
  readonly tools: readonly ScriptTool[];
  readonly functions: readonly ToolFunction[];
  readonly servers: KnownTools['servers'];
  /** For the case that there are none of them. */
  readonly noServersNote: string;
  readonly detail: DocumentationParams['detail'];
  readonly query: string | undefined;
  readonly limits: ScriptLimits;
  readonly charactersMax: number;
}

/** What a script may use, as a TypeScript declaration with comments; with `brief`, a line for each function. */
export function documentationOf(params: DocumentationOf): string {
  const { tools, functions, limits, charactersMax } = params;
  const detail = params.detail ?? (tools.length > TOOLS_WITH_TYPES_MAX ? 'brief' : 'signatures');
  const parts = [languageNotes(limits), ...serverLines(params.servers.map(serverNote))];
  if (tools.length === 0) parts.push(`// ${withoutTools(params)}`);
  let characters = parts.join('\n\n').length;
  let described = 0;
  const descriptions: string[] = [];
  for (const [index, each] of functions.entries()) {
    const text = withPolicy(each.describe(detail), tools[index]);
    characters += text.length + 2;
    if (characters > charactersMax) break;
    descriptions.push(text);
    described += 1;
  }
  if (detail === 'brief') parts.push(descriptions.map((line) => `// ${line}`).join('\n'));
  else parts.push(...descriptions);
  const left = functions.length - described;
  if (left > 0)
    parts.push(`// There are ${left} more functions: search for them with a query, or ask for less detail.`);
  if (detail === 'brief' && functions.length > 0)
    parts.push('// Ask with a query, or with the detail "signatures", for their types.');
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function withoutTools({ servers, noServersNote, query }: DocumentationOf): string {
  if (servers.length === 0) return noServersNote;
  return query === undefined ? 'There are no tools.' : 'No tool matches the query; leave it out to see all.';
}

function withPolicy(description: string, tool: ScriptTool | undefined): string {
  switch (tool?.policy) {
    case 'deny':
      return `${description} // denied by its policy`;
    case 'ask':
      return `${description} // a person is asked before each call`;
    default:
      return description;
  }
}

function serverLines(notes: readonly ServerNote[]): readonly string[] {
  const troubled = notes.filter(({ problem, state }) => problem !== undefined || state === 'disabled');
  if (troubled.length === 0) return [];
  return [
    troubled
      .map(({ name, state, problem }) => `// Server ${name} is ${state}. ${oneLine(problem)}`.trim())
      .join('\n'),
  ];
}

function oneLine(text = ''): string {
  return text.replace(/\s+/g, ' ');
}

/** What models reach for, and what they find. */
function languageNotes(limits: ScriptLimits): string {
  return [
    'A script is TypeScript or JavaScript: the body of an async function. `await` and `return` work at its top; what it',
    'returns is its result, as JSON. It calls the functions below, each with one object; Promise.all runs calls in parallel.',
    'Await calls that write to one server one after the other: many servers lose data where two are under way.',
    'A call that fails throws an Error with the members server, tool, seq, kind and retryable, which try and catch can handle.',
    'Make it again only where retryable is true. Where outcome is "unknown", it may have happened: look, before it is done twice.',
    'Results are typed where their server declares them; others are `unknown` until they were seen once.',
    'There are also console, sleep(ms), setTimeout, clearTimeout, queueMicrotask, structuredClone, TextEncoder, TextDecoder,',
    'atob, btoa, performance.now, and the language itself. There is no fetch, Buffer, process, require, import, fs, URL, Intl,',
    'crypto or setInterval: whatever is outside of the script is reached by tools. The time zone is UTC, and the clock moves only',
    'while the script waits.',
    `Limits: ${limits.wallMs / 1_000} s unless the call says otherwise, ${limits.cpuMs / 1_000} s of computing, ${limits.callsMax} calls, ${limits.callsInFlightMax} of them at a time,`,
    `${limits.resultBytesMax} bytes of result, ${limits.outputBytesMax} bytes of output.`,
  ]
    .map((line) => `// ${line}`)
    .join('\n');
}
