import { resolve } from 'node:path';
import type { StdioServerSpec } from '../../src/hub/hub.ts';

const FIXTURES = resolve('test/fixtures/servers');

export type Mood =
  | 'good'
  | 'chatty'
  | 'deaf'
  | 'endless-line'
  | 'endless-pages'
  | 'ends-on-start'
  | 'floods'
  | 'hangs-on-start'
  | 'many-tools'
  | 'paged'
  | 'stubborn'
  | 'third-time';

/** A server that does as it is told; see `test/fixtures/servers/moody.mjs`. */
export function moody(mood: Mood = 'good', argument = ''): StdioServerSpec {
  return { command: process.execPath, args: [resolve(FIXTURES, 'moody.mjs'), mood, argument] };
}

/** Content-Length headers, and a loose hand with the schema. */
export const SLOPPY_SERVER: StdioServerSpec = {
  command: 'python3',
  args: [resolve(FIXTURES, 'sloppy_server.py')],
  framing: 'content-length',
};
