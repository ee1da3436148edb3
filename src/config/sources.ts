import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VARIABLE_NAMES, type VariableName } from './variables.ts';

/** From the strongest to the weakest. */
export const SOURCES = ['flag', 'environment', '.env'] as const;
export type Source = (typeof SOURCES)[number];

/** The text of a variable, and who said so. */
export interface Setting {
  readonly text: string;
  readonly source: Source;
}

export type Settings = Readonly<Partial<Record<VariableName, Setting>>>;
export type Variables = Readonly<Partial<Record<string, string>>>;

export interface GatherParams {
  /** By variable name, not by flag. */
  readonly flags: Variables;
  readonly env: Variables;
  readonly dotEnv: Variables;
}

/** Picks the strongest text of each variable. Blank text counts as unset at every level. */
export function gatherSettings({ flags, env, dotEnv }: GatherParams): Settings {
  const levels = { flag: flags, environment: env, '.env': dotEnv };
  const settings: Partial<Record<VariableName, Setting>> = {};
  for (const name of VARIABLE_NAMES) {
    const source = SOURCES.find((candidate) => (levels[candidate][name] ?? '').trim() !== '');
    const text = source && levels[source][name];
    if (source !== undefined && text !== undefined) settings[name] = { text: text.trim(), source };
  }
  return settings;
}

/**
 * The variables of the folder's `.env`; none if there is no such file. (Python keeps its virtual environments in
 * folders of that name.)
 *
 * @throws the file system's error if the file is there and cannot be read
 */
export async function readDotEnv(folder: string): Promise<Variables> {
  let text: string;
  try {
    text = await readFile(join(folder, '.env'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return {};
    throw error;
  }
  // Few folders have one: those that do not, need not wait for the parser.
  const { parse } = await import('dotenv');
  return parse(text);
}
