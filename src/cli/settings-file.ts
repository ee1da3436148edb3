import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '../domain/errors.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../domain/json.ts';

export interface MergeParams {
  readonly file: string;
  /** The member that holds the servers by name. */
  readonly serversKey: string;
  readonly name: string;
  readonly entry: ServerEntry;
  /** Now, as an ISO-8601 timestamp; names the backup. */
  readonly now: string;
}

/** How an MCP client starts a server. */
export interface ServerEntry {
  readonly type?: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout?: number;
}

export interface MergeResult {
  readonly change: 'added' | 'updated' | 'none';
  /** The file as it was before, if there was one and it changed. */
  readonly backup?: string;
}

/**
 * Puts one server into a client's settings and leaves everything else as it is. What the user added to the entry
 * stays. Readers see the old file or the new one, never a part; a symbolic link stays one.
 *
 * @throws Fault `CONFIG_INVALID` if the file is not JSON of the expected form; it is left untouched
 */
export async function mergeServer({ file, serversKey, name, entry, now }: MergeParams): Promise<MergeResult> {
  const target = await linkTarget(file);
  const before = await readIfPresent(target);
  const settings = parseSettings(file, before ?? '');
  const servers = settings[serversKey] ?? {};
  if (!isJsonObject(servers)) throw unexpected(file, `"${serversKey}" is not an object`);
  const existing = Object.hasOwn(servers, name) ? servers[name] : undefined;
  const merged = mergeEntry(existing, entry);
  if (existing !== undefined && canonicalJson(existing) === canonicalJson(merged)) return { change: 'none' };

  const after = { ...settings, [serversKey]: { ...servers, [name]: merged } };
  await mkdir(dirname(target), { recursive: true });
  const backup = before === undefined ? undefined : await keepBackup(target, now);
  await replaceFile(target, `${JSON.stringify(after, null, indentOf(before))}\n`);
  return { change: existing === undefined ? 'added' : 'updated', backup };
}

function parseSettings(file: string, text: string): JsonObject {
  const json = text.replace(/^\uFEFF/, '').trim();
  if (json === '') return {};
  let settings: unknown;
  try {
    settings = JSON.parse(json);
  } catch (cause) {
    throw unexpected(file, 'it is not plain JSON; it may have comments, or a comma too many', cause);
  }
  if (!isJsonObject(settings)) throw unexpected(file, 'it is not a JSON object');
  return settings;
}

function unexpected(file: string, what: string, cause?: unknown): Fault {
  return new Fault('CONFIG_INVALID', `${file} was left untouched: ${what}.`, {
    hint: 'Run the command without --write, and put the entry there by hand.',
    cause,
  });
}

/** How to start the server is ours to say; switches, approvals, another time-out and further variables are the user's. */
function mergeEntry(existing: unknown, entry: ServerEntry): object {
  if (!isJsonObject(existing)) return entry;
  // Cline may have written the entry in its nested form, which would win over what is beside it.
  const { transport: _nested, ...rest } = existing;
  const env = { ...(isJsonObject(existing.env) ? existing.env : {}), ...entry.env };
  const { timeout, ...start } = entry;
  const suggested = timeout === undefined ? {} : { timeout };
  return { ...suggested, ...rest, ...start, ...(Object.keys(env).length > 0 && { env }) };
}

async function linkTarget(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Either nothing is there, or a link to a file that is still to come.
    const link = await readlink(file).catch(() => undefined);
    return link === undefined ? file : resolve(dirname(file), link);
  }
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function keepBackup(file: string, now: string): Promise<string> {
  const backup = `${file}.${now.replaceAll(':', '-')}.bak`;
  await copyFile(file, backup, constants.COPYFILE_EXCL);
  return backup;
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  // Settings of MCP clients hold keys: a new file is the user's alone.
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0o600;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.chmod(mode & 0o777);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The indentation that the file has already. */
function indentOf(text: string | undefined): string {
  return /^\s*\{\r?\n([ \t]+)"/.exec(text ?? '')?.[1] ?? '  ';
}
