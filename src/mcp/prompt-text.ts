import type { StatePrompt } from '../agent/agent-sessions.ts';
import { DEFAULT_SESSION_ID } from '../domain/session.ts';

/** A state's prompt for whoever reads it outside of a tool's answer, where nothing else says what is missing. */
export function promptText({ text, missing_context = [] }: StatePrompt, sessionId: string): string {
  const notes = [
    ...(missing_context.length === 0
      ? []
      : [
          `Not known yet: ${missing_context.map((name) => `\`${name}\``).join(', ')}. Find it out, by asking if need be, and keep it ` +
            'with `store_task_data`.',
        ]),
    ...(sessionId === DEFAULT_SESSION_ID
      ? []
      : [`The session: pass \`session_id\` "${sessionId}" to each tool.`]),
  ];
  return [text, ...notes].join('\n\n');
}
