import { Fault } from './errors.ts';
import type { JsonObject } from './json.ts';

/** What an operator lets be done with a tool of a downstream server: everything, nothing, or what a person confirms. */
export const TOOL_POLICIES = ['allow', 'deny', 'ask'] as const;
export type ToolPolicy = (typeof TOOL_POLICIES)[number];

/** Policies by the name of a tool, or by a pattern in which `*` stands for any characters. */
export type ToolPolicyRules = Readonly<Record<string, ToolPolicy>>;

/**
 * What holds for one tool: the rule with its very name, else the pattern that says most of it, so that
 * `{"*": "deny", "read_*": "allow"}` means what it seems to. Between equals the stricter one holds; without a rule the
 * tool is allowed.
 */
export function policyFor(rules: ToolPolicyRules, tool: string): ToolPolicy {
  const matching = Object.entries(rules).filter(([pattern]) => matches(pattern, tool));
  const [strongest] = matching.sort(
    ([one, policy], [other, otherPolicy]) =>
      weight(other, tool) - weight(one, tool) || STRICTNESS[otherPolicy] - STRICTNESS[policy],
  );
  return strongest?.[1] ?? 'allow';
}

/** The rules, by their names and patterns, that are for none of these tools: they may be misspelt. */
export function unmatchedRules(rules: ToolPolicyRules, tools: readonly string[]): readonly string[] {
  return Object.keys(rules).filter((pattern) => !tools.some((tool) => matches(pattern, tool)));
}

const STRICTNESS: Readonly<Record<ToolPolicy, number>> = { allow: 0, ask: 1, deny: 2 };

function weight(pattern: string, tool: string): number {
  return pattern === tool ? Number.POSITIVE_INFINITY : pattern.replaceAll('*', '').length;
}

/** Part by part, and not by a regular expression: many `*` in one would take it very long. */
function matches(pattern: string, tool: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === tool;
  if (!tool.startsWith(first) || !tool.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = tool.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= tool.length - last.length;
}

/** A call of a tool, as it is shown to whoever is asked about it. */
export interface ConfirmableCall {
  readonly server: string;
  readonly tool: string;
  readonly args: JsonObject;
}

export interface CheckToolPolicyParams {
  readonly policy: ToolPolicy;
  readonly call: ConfirmableCall;
  /** Asks a person; absent where nobody can be asked. */
  readonly confirm?: (call: ConfirmableCall) => Promise<boolean>;
}

/** Throws `NOT_ALLOWED` unless the call may be made. */
export async function checkToolPolicy({ policy, call, confirm }: CheckToolPolicyParams): Promise<void> {
  if (policy === 'allow') return;
  const name = `The tool ${call.tool} of the server ${call.server}`;
  if (policy === 'deny')
    throw notAllowed(call, `${name} is denied by its policy.`, 'Do without it, or ask the operator.');
  if (confirm === undefined)
    throw notAllowed(
      call,
      `${name} may be called only if a person confirms it, and nobody can be asked here.`,
      'Do without it, use a client that offers elicitation, or ask the operator.',
    );
  if (!(await confirm(call)))
    throw notAllowed(call, `${name} was not called: the person who was asked said no.`, 'Do without it.');
}

function notAllowed({ server, tool }: ConfirmableCall, message: string, hint: string): Fault {
  return new Fault('NOT_ALLOWED', message, { hint, details: { server, tool } });
}
