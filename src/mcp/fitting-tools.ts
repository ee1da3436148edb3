import * as z from 'zod';

/** Of the tools in one answer as JSON: more than any model reads, and far less than stops a client. */
const LIST_BYTES_MAX = 1024 * 1024;

/** In every answer that lists tools; see {@link fittingTools}. */
export const dropped = z.int().optional().describe('How many more there are, at least');

export interface FittingToolsParams<Listed> {
  readonly all: readonly Listed[];
  /** How many are missing from the list already; those that do not fit are added. */
  readonly known?: number;
  /** Of the tools, as JSON. */
  readonly bytesMax?: number;
}

/** The first of the tools, as many as fit into one answer. */
export function fittingTools<Listed>({
  all,
  known = 0,
  bytesMax = LIST_BYTES_MAX,
}: FittingToolsParams<Listed>): { readonly tools: Listed[]; readonly dropped?: number } {
  let roomBytes = bytesMax;
  const tools = all.filter((tool) => {
    roomBytes -= Buffer.byteLength(JSON.stringify(tool));
    return roomBytes >= 0;
  });
  const dropped = known + all.length - tools.length;
  return { tools, ...(dropped > 0 && { dropped }) };
}
