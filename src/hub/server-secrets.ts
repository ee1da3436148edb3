import { SECRET_CHARS_MIN } from '../domain/redact.ts';
import type { ServerSpec } from './hub.ts';

/** What a variable, header or argument is called that holds a secret. */
const SECRET_NAME = /key|token|secret|pass|pwd|auth|cred|cookie|session|cert/i;
/** Where the name says nothing: a shorter value, such as `true`, is part of ordinary words. */
const VALUE_CHARS_MIN = 8;
/** `--api-key=x`, `API_KEY=x` as in `docker run -e`, `Authorization: Bearer x` */
const NAMED_ARGUMENT = /^-*([\w-]+)(?:=|:\s*)(.+)$/s;

type NamedValue = readonly [name: string, value: string];

/** What the configuration gives a server that must not show up in its words: it may tell why it failed with them. */
export function secretsOf(spec: ServerSpec): readonly string[] {
  if ('url' in spec)
    return [...Object.entries(spec.headers ?? {}), ...new URL(spec.url).searchParams].flatMap(secretsIn);
  const { args = [], env = {} } = spec;
  const named = args.map((arg, at) => namedArgument(arg, args[at - 1]));
  const given = [...Object.entries(env), ...named.filter(([name]) => SECRET_NAME.test(name))];
  return [...given.flatMap(secretsIn), ...args.flatMap(passwordsIn)];
}

function secretsIn([name, value]: NamedValue): readonly string[] {
  const lines = value.split(/\p{Cc}+/u);
  const charsMin = SECRET_NAME.test(name) ? SECRET_CHARS_MIN : VALUE_CHARS_MIN;
  return [
    ...[value, ...lines].filter(({ length }) => length >= charsMin),
    ...passwordsIn(value),
    ...(SECRET_NAME.test(name) ? lines.flatMap(credentialsIn) : []),
  ];
}

/** `Bearer x` is told as `x` too, and one of several cookies by itself. */
function credentialsIn(line: string): readonly string[] {
  const withoutScheme = line.replace(/^[\w-]+ +/, '');
  const words = line.split(/[\s;,]+/).map((word) => word.slice(word.indexOf('=') + 1));
  return [
    ...[withoutScheme].filter(({ length }) => length >= SECRET_CHARS_MIN),
    ...words.filter(({ length }) => length >= VALUE_CHARS_MIN),
  ];
}

/** As in `postgres://user:password@host`. */
function passwordsIn(value: string): readonly string[] {
  const found = [...value.matchAll(/:\/\/[^/\s:@]*:([^/\s@]+)@/g)].flatMap(([, password]) => password ?? []);
  return found.filter(({ length }) => length >= SECRET_CHARS_MIN);
}

/** The name stands in the argument itself, or is the one before. */
function namedArgument(arg: string, before = ''): NamedValue {
  const [, name, value] = NAMED_ARGUMENT.exec(arg) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  return [before.startsWith('-') ? before : '', arg];
}
