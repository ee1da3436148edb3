import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { ConditionResult, Conditions } from './definitions.ts';
import { createRecentlyUsed } from './recently-used.ts';
import { createTimeLimit, isTimeout } from './time-limit.ts';

/** Expressions come from definitions, of which few are in use at a time. */
const COMPILED_MAX = 1_000;
const EVALUATION_MS_MAX = 250;
const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

interface CompiledCondition {
  evaluate(variables: Variables): unknown;
}
type Compilation = CompiledCondition | { readonly problem: string };
type Variables = Parameters<Conditions['evaluate']>[1];

/**
 * CEL over `report`, `context` (JSON) and `visits` (a map of step names to integers). Numbers of JSON are
 * doubles; they compare and calculate with integers as if there were one kind of number, so that
 * `report.result.count + 1 == 3` means what it says. Only own keys of the data can be read.
 */
export function createConditions(): Conditions {
  const compile = createCompiler();
  return {
    evaluate(expression, variables): ConditionResult {
      const compiled = compile(expression);
      if ('problem' in compiled) return { ok: false, problem: compiled.problem };
      try {
        const value = compiled.evaluate(variables);
        if (typeof value === 'boolean') return { ok: true, value };
        return { ok: false, problem: 'it is neither true nor false' };
      } catch (error) {
        return { ok: false, problem: problemOf(error) };
      }
    },
  };
}

/** Says what is wrong with an expression before anyone evaluates it; undefined if nothing is. */
export function createConditionChecker(): (expression: string) => string | undefined {
  const compile = createCompiler();
  return (expression) => {
    const compiled = compile(expression);
    return 'problem' in compiled ? compiled.problem : undefined;
  };
}

function createCompiler(): (expression: string) => Compilation {
  const environment = createEnvironment();
  const toVariables = createVariableReader();
  const limitTime = createTimeLimit(EVALUATION_MS_MAX);
  const compilations = createRecentlyUsed<string, Compilation>(COMPILED_MAX);

  function compile(expression: string): Compilation {
    try {
      const parsed = environment.parse(expression);
      const { valid, type, error } = parsed.check();
      if (!valid) return { problem: problemOf(error) };
      if (type !== 'bool' && type !== 'dyn') return { problem: `it gives ${type}, expected bool` };
      const evaluate = (variables: Variables): unknown => parsed(toVariables(variables));
      // Only method calls (`matches`, `exists`, `map`, ...) can take long; the limit itself is not free.
      if (!callsMethods(parsed.ast)) return { evaluate };
      return { evaluate: (variables) => limitTime(() => evaluate(variables)) };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  return (expression) => {
    const known = compilations.get(expression);
    if (known !== undefined) return known;
    const compilation = compile(expression);
    compilations.set(expression, compilation);
    return compilation;
  };
}

function createEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true })
    .registerVariable('report', 'map')
    .registerVariable('context', 'map')
    .registerVariable('visits', 'map<string, int>');
  for (const [operator, calculate] of Object.entries(ARITHMETIC)) {
    const handler = (left: number | bigint, right: number | bigint) => calculate(Number(left), Number(right));
    environment.registerOperator(`int ${operator} double: double`, handler);
    environment.registerOperator(`double ${operator} int: double`, handler);
  }
  return environment.registerOperator(
    'double % double: double',
    (left: number, right: number) => left % right,
  );
}

/** Objects become Maps, which have no prototype to reach and no trouble with a key named `constructor`. */
function createVariableReader(): (variables: Variables) => Record<string, unknown> {
  // The conditions of one step are asked about the same data, one after the other.
  const converted = new WeakMap<object, unknown>();
  function convert(value: JsonValue): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const known = converted.get(value);
    if (known !== undefined) return known;
    const data = isList(value)
      ? value.map(convert)
      : new Map(Object.entries(value).map(([key, member]) => [key, convert(member)]));
    converted.set(value, data);
    return data;
  }
  return ({ report, context, visits }) => ({
    report: convert(report),
    context: convert(context),
    visits: new Map(Object.entries(visits).map(([name, count]) => [name, BigInt(count)])),
  });
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function callsMethods(node: ASTNode): boolean {
  const waiting: unknown[] = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next);
    else if (isNode(next)) {
      if (next.op === 'rcall') return true;
      waiting.push(next.args);
    }
  }
  return false;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function problemOf(error: unknown): string {
  if (isTimeout(error)) return `it took longer than ${EVALUATION_MS_MAX} ms`;
  if (error instanceof RangeError) return 'it is nested too deep';
  if (error instanceof Error && 'summary' in error && typeof error.summary === 'string') return error.summary;
  return error instanceof Error ? error.message : 'it could not be evaluated';
}
