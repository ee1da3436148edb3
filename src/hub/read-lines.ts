import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line without an end is cut into pieces of this many characters. */
const LINE_CHARS_MAX = 4_096;

/** Calls back with every line that is not empty, however it arrives. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    if (rest.length > LINE_CHARS_MAX) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) if (line.trim() !== '') onLine(line.slice(0, LINE_CHARS_MAX));
  });
  stream.on('end', () => {
    if (rest.trim() !== '') onLine(rest);
  });
  // What broke is told by the process's exit.
  stream.on('error', () => {});
}
