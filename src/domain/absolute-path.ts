import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The settings files of MCP clients pass `~` on as it is: no shell was there to expand it. */
export function absolutePath(cwd: string, path: string): string {
  return path === '~' || /^~[/\\]/.test(path) ? join(homedir(), path.slice(1)) : resolve(cwd, path);
}
