import { suggestion } from '../domain/nearest-name.ts';
import type { ToolPolicy } from '../domain/tool-policy.ts';
import type { DownstreamTool, ServerStatus } from '../hub/hub.ts';
import type { CallFailure } from './call-failure.ts';
import type { KnownTools, ToolDirectory } from './tool-directory.ts';

/** What is behind a name that a script calls. */
export type ScriptFunction =
  | { readonly kind: 'sleep' }
  | { readonly kind: 'tool'; readonly tool: DownstreamTool; readonly policy: ToolPolicy }
  /** The server is there, and the tool is not: a call fails, and says why. */
  | {
      readonly kind: 'missing';
      readonly server: string;
      readonly tool: string;
      /** Found only where it is called: a script may name thousands. */
      readonly failure: () => CallFailure;
    };

export interface ToolTarget {
  readonly server: string;
  readonly tool: string;
}

/** The functions of one script; they stay what they are while it runs. */
export interface ScriptFunctions {
  /** Without `sleep`, which every script has. */
  readonly names: readonly string[];
  find(name: string): ScriptFunction;
}

export interface ScriptFunctionsParams {
  readonly code: string;
  /** Names that an earlier attempt at the same run has called, whatever became of their tools. */
  readonly calledNames: readonly string[];
  readonly known: KnownTools;
  readonly prefixOf: ToolDirectory['prefixOf'];
  /** Of names in the code that no tool has: those that come first become functions. */
  readonly missingMax: number;
}

/**
 * All tools that are known, and what the script names of servers that do not have it: so a tool that is missing is an error
 * of one call, with the reason, instead of a name that nobody knows.
 */
export function createScriptFunctions(params: ScriptFunctionsParams): ScriptFunctions {
  const { code, calledNames, known, prefixOf, missingMax } = params;
  const functions = new Map<string, ScriptFunction>(
    known.tools.map(({ functionName, tool, policy }) => [functionName, { kind: 'tool', tool, policy }]),
  );
  const servers = known.servers.map((server) => ({ server, prefix: prefixOf(server.name) }));

  function missing(name: string): ScriptFunction {
    const owner = servers
      .filter(({ prefix }) => name.startsWith(prefix))
      .sort((one, other) => other.prefix.length - one.prefix.length)[0];
    if (owner === undefined) return unknownFunction(name);
    const { server, prefix } = owner;
    return {
      kind: 'missing',
      server: server.name,
      tool: name.slice(prefix.length),
      failure: () =>
        server.toolCount === undefined ? notAsked(server) : noSuchTool(server, name, namesOf(server)),
    };
  }

  function namesOf({ name }: ServerStatus): readonly string[] {
    return known.tools.filter(({ tool }) => tool.server === name).map(({ functionName }) => functionName);
  }

  const named = namesWith(
    servers.map(({ prefix }) => prefix),
    code,
  ).filter((name) => !functions.has(name));
  for (const name of [...named.slice(0, missingMax), ...calledNames])
    if (name !== SLEEP && !functions.has(name)) functions.set(name, missing(name));
  return {
    names: [...functions.keys()],
    find: (name) => (name === SLEEP ? { kind: 'sleep' } : (functions.get(name) ?? missing(name))),
  };
}

/** The function that every script has besides those of tools. */
const SLEEP = 'sleep';

/** Which tool is called; undefined for `sleep`. */
export function targetOf(called: ScriptFunction): ToolTarget | undefined {
  switch (called.kind) {
    case 'sleep':
      return undefined;
    case 'missing':
      return { server: called.server, tool: called.tool };
    case 'tool':
      return { server: called.tool.server, tool: called.tool.name };
  }
}

/** Whether a call changes nothing: nobody is the worse for one that was made and forgotten. */
export function isReadOnly(called: ScriptFunction): boolean {
  return called.kind === 'sleep' || hasHint(called, 'readOnlyHint');
}

/** Whether a call that may have happened may be made again, with the same arguments. */
export function isRepeatable(called: ScriptFunction): boolean {
  return isReadOnly(called) || hasHint(called, 'idempotentHint');
}

function hasHint(called: ScriptFunction, hint: 'readOnlyHint' | 'idempotentHint'): boolean {
  return called.kind === 'tool' && called.tool.annotations?.[hint] === true;
}

/** Whether a script may call tools of the server. */
export function mentions(code: string, prefix: string): boolean {
  return code.includes(prefix);
}

/** Each once. */
function namesWith(prefixes: readonly string[], code: string): readonly string[] {
  const mentioned = prefixes.filter((prefix) => mentions(code, prefix));
  if (mentioned.length === 0) return [];
  const names = new Set([...code.matchAll(IDENTIFIER)].map(([name]) => name));
  return [...names].filter((name) => mentioned.some((prefix) => name.startsWith(prefix)));
}

const IDENTIFIER = /[A-Za-z_$][A-Za-z0-9_$]*/g;

function notAsked({ name, state, problem }: ServerStatus): CallFailure {
  const isDisabled = state === 'disabled';
  const why = isDisabled ? 'it is disabled' : (problem ?? 'it has not answered yet');
  return {
    kind: 'unavailable',
    message: `The tools of the server ${name} are not known: ${why}`,
    retryable: !isDisabled,
  };
}

function noSuchTool({ name }: ServerStatus, called: string, names: readonly string[]): CallFailure {
  return {
    kind: 'unknown_tool',
    message: `The server ${name} has no tool for \`${called}\`.${suggestion(names, called)}`,
    retryable: false,
  };
}

/** Of a server that is not configured any more. */
function unknownFunction(name: string): ScriptFunction {
  const [server = '', ...tool] = name.split('__');
  const message = `No server has a tool for \`${name}\`.`;
  return {
    kind: 'missing',
    server,
    tool: tool.join('__'),
    failure: () => ({ kind: 'unknown_tool', message, retryable: false }),
  };
}
