import { FAULTS } from '../../domain/errors.ts';
import { code, codeBlock, page, table } from './markdown.ts';

export function errorsPage(): string {
  const rows = Object.entries(FAULTS).map(([name, { meaning, retryable }]) => [
    code(name),
    meaning,
    retryable ? 'yes' : 'no',
  ]);
  return page(
    'Errors',
    'A tool that fails answers with `isError: true` and this, as structured content and as text:',
    codeBlock(
      '{ "error_code": "…", "message": "…", "retryable": false, "hint": "…", "details": { } }',
      'json',
    ),
    `\`message\` and \`hint\` say what to do next. \`retry_after_ms\` is there where a retry makes sense after a known
time. Whatever the code, a call that failed changed nothing here, and the same call may be made again. What tools of downstream
servers have done stays done: after \`TOOL_FAILED\`, \`SERVER_TIMEOUT\` and \`SERVER_UNAVAILABLE\` a tool may have done what it was
asked, or a part of it. Where \`details\` has \`"outcome": "unknown"\`, the call was sent and nobody knows: look, before you repeat it.`,
    table(['code', 'meaning', 'worth a retry'], rows),
  );
}
