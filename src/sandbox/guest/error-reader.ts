import type { GuestError } from '../messages.ts';
import { suggestion } from './name-suggestion.ts';
import { SCRIPT_FILE, SCRIPT_PREFIX } from './script-machine.ts';
import type { Position, SourceMap } from './source-map.ts';

const NAME_CHARACTERS_MAX = 200;
const MESSAGE_CHARACTERS_MAX = 8 * 1024;
const STACK_CHARACTERS_MAX = 16 * 1024;
const FIELDS_CHARACTERS_MAX = 64 * 1024;

/** How an error looks from outside: with the place in the script as it was written. */
export interface ErrorReader {
  /** Of the JSON that the prelude makes of whatever was thrown. */
  read(json: string): GuestError;
  /** The topmost place in the script of a stack trace. */
  placeOf(stack: string | undefined): Position | undefined;
}

export function createErrorReader(map: SourceMap, functionNames: readonly string[]): ErrorReader {
  const placeOf = (stack: string | undefined): Position | undefined => {
    const place = PLACE.exec(stack?.slice(0, STACK_CHARACTERS_MAX) ?? '');
    if (place === null) return undefined;
    const [line, column] = [Number(place[1]), Number(place[2])];
    return map({ line, column: line === 1 ? Math.max(1, column - SCRIPT_PREFIX.length) : column });
  };
  return {
    placeOf,
    read(json) {
      const thrown = textMembers(json);
      const name = thrown.name?.slice(0, NAME_CHARACTERS_MAX) ?? 'Error';
      const message = thrown.message?.slice(0, MESSAGE_CHARACTERS_MAX) ?? '';
      const unknown = name === 'ReferenceError' ? UNKNOWN_NAME.exec(message)?.[1] : undefined;
      return {
        name,
        message: unknown === undefined ? message : `${message}.${suggestion(functionNames, unknown)}`,
        ...placeOf(thrown.stack),
        fields: (thrown.fields?.length ?? 0) > FIELDS_CHARACTERS_MAX ? undefined : thrown.fields,
      };
    },
  };
}

const PLACE = new RegExp(`${SCRIPT_FILE.replace('.', '\\.')}:(\\d{1,9}):(\\d{1,9})`);
/** The engine's words. */
const UNKNOWN_NAME = /^(\S{1,200}) is not defined$/;

function textMembers(json: string): Readonly<Record<string, string | undefined>> {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, member]) => typeof member === 'string'));
}
