import { ourProgram } from '../bench-client.ts';
import type { Measurement } from '../measurement.ts';
import { openRaw } from '../raw-connection.ts';
import { sum } from '../statistics.ts';
import { type ListedTool, readByModels, tokens } from '../tool-size.ts';

/** What our tools cost a model's context: every conversation of every client pays it. */
export const toolList: Measurement = {
  name: 'tool-list',
  async run({ newFolder }) {
    const connection = await openRaw(ourProgram({ folder: await newFolder() }), 'legacy');
    const { tools } = (await connection.request('tools/list')) as { readonly tools: readonly ListedTool[] };
    await connection.close();
    const perTool = tools.map((tool) => ({
      name: tool.name,
      read: readByModels(tool),
      sent: tokens(JSON.stringify(tool)),
    }));
    const total = [sum(perTool.map(({ read }) => read)), sum(perTool.map(({ sent }) => sent))];
    return {
      title: `tools/list, default toolset, ${tools.length} tools: tokens (bytes / 4)`,
      columns: [
        { title: 'read by a model', digits: 0, bar: 'toolListTokens' },
        { title: 'with the rest', digits: 0 },
      ],
      rows: [
        { label: 'all', cells: total },
        ...perTool.map(({ name, read, sent }) => ({
          label: `  ${name}`,
          cells: [{ reference: read }, sent],
        })),
      ],
      notes: [
        'Models read names, descriptions and input schemas. Output schemas and annotations stay with the client.',
      ],
    };
  },
};
