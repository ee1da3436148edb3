import { TOOLSETS } from '../../../src/domain/toolset.ts';
import { ourProgram } from '../bench-client.ts';
import type { Measurement, Row } from '../measurement.ts';
import { openRaw } from '../raw-connection.ts';
import { sum } from '../statistics.ts';
import { type ListedTool, readByModels, tokens } from '../tool-size.ts';

/** What switching on one more toolset costs every conversation. */
export const toolsets: Measurement = {
  name: 'toolsets',
  async run({ newFolder }) {
    const rows: Row[] = [];
    for (const names of [...TOOLSETS.map((name) => [name]), TOOLSETS]) {
      const env = { ORCHESTRATOR_TOOLSETS: names.join(',') };
      const connection = await openRaw(ourProgram({ folder: await newFolder(), env }), 'legacy');
      const { tools } = (await connection.request('tools/list')) as { readonly tools: readonly ListedTool[] };
      // Nothing that it may still be opening is needed.
      process.kill(connection.pid, 'SIGKILL');
      await connection.close();
      const text = JSON.stringify({ tools });
      rows.push({
        label: names.length === 1 ? names.join() : 'all',
        cells: [tools.length, Buffer.byteLength(text), tokens(text), sum(tools.map(readByModels))],
      });
    }
    return {
      title: 'tools/list, by toolset: tokens are bytes / 4',
      columns: [
        { title: 'tools', digits: 0 },
        { title: 'bytes', digits: 0 },
        { title: 'tokens', digits: 0 },
        { title: 'of these, read by a model', digits: 0 },
      ],
      rows,
    };
  },
};
