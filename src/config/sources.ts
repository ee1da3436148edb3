import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from './problems.ts';
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
 * The variables of the folder's `.env`; none if there is no such file, or if it cannot be read, which is a problem.
 * (Python keeps its virtual environments in folders of that name.)
 */
export async function readDotEnv(folder: string, report: Report): Promise<Variables> {
  let text: string;
  try {
    text = await readFile(join(folder, '.env'), 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code !== 'ENOENT' && error.code !== 'EISDIR')
      report('.env', `The file cannot be read (${error.message}). Make it readable, or remove it.`);
    return {};
  }
  // Few folders have one: those that do not, need not wait for the parser.
  const { default: dotenv } = await import('dotenv');
  return dotenv.parse(text);
}
