import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { TOOLSETS, type Toolset } from '../../src/domain/toolset.ts';
import { type ToolListing, toolListing } from '../../src/mcp/tool-listing.ts';
import { loadTools } from '../../src/mcp/toolsets.ts';

const listingsOf = new Map<Toolset, readonly ToolListing[]>();
for (const toolset of TOOLSETS) {
  const tools = await loadTools([toolset]);
  listingsOf.set(
    toolset,
    tools.map((tool) => toolListing(tool, { hasServers: false })),
  );
}

describe.each(TOOLSETS)('toolset %s', (toolset) => {
  /** Users and their prompts rely on what is in it. `UPDATE_PINS=1` writes it anew, for a change that is meant. */
  const pin = new URL(`./tools-${toolset}.json`, import.meta.url);
  const listings = listingsOf.get(toolset) ?? [];

  test('the tools are called, described and shaped as pinned', async () => {
    if (process.env.UPDATE_PINS === '1') await writeFile(pin, `${JSON.stringify(listings, null, 2)}\n`);
    expect(JSON.parse(JSON.stringify(listings))).toEqual(JSON.parse(await readFile(pin, 'utf8')));
  });

  test('names, descriptions and input schemas cost a client at most 1,000 tokens, four bytes each', () => {
    const told = listings.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThanOrEqual(4_000);
  });
});
