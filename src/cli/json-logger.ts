import type { Writable } from 'node:stream';
import { type Clock, systemClock } from '../domain/clock.ts';
import { LOG_LEVELS, type Logger, type LogLevel } from '../domain/logger.ts';
import { createRedactor, type Redact } from '../domain/redact.ts';

export interface JsonLoggerParams {
  /** Less important messages are dropped. */
  readonly level: LogLevel;
  /** Standard error: standard output belongs to the protocol. */
  readonly stream: Writable;
  /** What must not appear in any text. */
  readonly secrets: readonly string[];
  readonly clock?: Clock;
}

/** One entry is to stay readable, and cheap, whatever a client sends. */
const DEPTH_MAX = 8;
const TEXT_CHARS_MAX = 4_096;
const MEMBERS_MAX = 100;

/** Writes JSON lines `{time, level, message, ...fields}`. Errors show their stack at level `debug` only. */
export function createJsonLogger({ level, stream, secrets, clock = systemClock }: JsonLoggerParams): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const form: Form = { redact: createRedactor(secrets), withStack: level === 'debug' };
  // A client that closes our standard error must not take the server down.
  stream.on('error', () => {});

  function at(entryLevel: LogLevel): Logger[keyof Logger] {
    if (LOG_LEVELS.indexOf(entryLevel) < threshold) return () => {};
    return (message, fields = {}) => {
      const head = { time: clock.now(), level: entryLevel, message };
      // `head` first for the order of the keys, and last so that no field can forge it.
      const entry = loggable({ ...head, ...fields, ...head }, form);
      stream.write(`${JSON.stringify(entry)}\n`);
    };
  }

  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

interface Form {
  readonly redact: Redact;
  readonly withStack: boolean;
}

/** A bounded copy of any value that `JSON.stringify` takes without throwing; cycles end at the depth. */
function loggable(value: unknown, form: Form, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return shorten(form.redact(value));
    case 'bigint':
    case 'symbol':
    case 'function':
      return shorten(form.redact(String(value)));
    case 'object': {
      if (value === null) return null;
      if (depth === DEPTH_MAX) return '[…]';
      if (value instanceof Error) return loggable(errorFields(value, form.withStack), form, depth);
      if (value instanceof Date) return String(value.toJSON());
      if (Array.isArray(value))
        return value.slice(0, MEMBERS_MAX).map((member) => loggable(member, form, depth + 1));
      const members = Object.entries(value).slice(0, MEMBERS_MAX);
      return Object.fromEntries(
        members.map(([key, member]) => [form.redact(key), loggable(member, form, depth + 1)]),
      );
    }
    default:
      return value;
  }
}

function errorFields(error: Error, withStack: boolean): object {
  return {
    name: error.name,
    message: error.message,
    code: 'code' in error ? error.code : undefined,
    details: 'details' in error ? error.details : undefined,
    cause: error.cause,
    stack: withStack ? error.stack : undefined,
  };
}

function shorten(text: string): string {
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX)}…`;
}
