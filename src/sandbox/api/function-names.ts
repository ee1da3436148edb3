import { createHash } from 'node:crypto';

export interface ToolName {
  readonly server: string;
  readonly name: string;
}

/** Of what comes before the mark that tells a name from others. */
const CHARACTERS_MAX = 120;

/**
 * The names under which scripts call tools: `server__tool`, with an underscore for each character that is neither an ASCII
 * letter, a digit nor an underscore. Where several tools would have one name, the one that is written so keeps it, and the
 * others get a mark that depends on nothing but themselves. The order of the tools makes no difference.
 */
export function functionNames(tools: readonly ToolName[]): readonly string[] {
  const owners = new Map<string, ToolName>();
  for (const tool of tools) {
    const name = plainName(tool);
    const owner = owners.get(name);
    if (owner === undefined || precedes(tool, owner)) owners.set(name, tool);
  }
  return tools.map((tool) => {
    const name = plainName(tool);
    const owner = owners.get(name);
    const isOwner = owner?.server === tool.server && owner.name === tool.name;
    return isOwner ? name : `${name}_${markOf(tool)}`;
  });
}

function plainName({ server, name }: ToolName): string {
  const joined = `${server}__${name}`.replace(/[^A-Za-z0-9_]/gu, '_').slice(0, CHARACTERS_MAX);
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

function precedes(one: ToolName, other: ToolName): boolean {
  const [isExact, isOtherExact] = [one, other].map(
    (tool) => plainName(tool) === `${tool.server}__${tool.name}`,
  );
  if (isExact !== isOtherExact) return isExact === true;
  return JSON.stringify([one.server, one.name]) < JSON.stringify([other.server, other.name]);
}

function markOf({ server, name }: ToolName): string {
  return createHash('sha256')
    .update(JSON.stringify([server, name]))
    .digest('hex')
    .slice(0, 8);
}
