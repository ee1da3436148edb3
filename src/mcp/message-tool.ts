import * as z from 'zod';
import type { MessageRole } from '../domain/session.ts';
import { addedMessage, sessionId } from './agent-schemas.ts';
import { longText, requestId } from './schemas.ts';
import { defineTool, type Tool } from './tool.ts';

export interface MessageToolParams {
  readonly name: string;
  readonly role: MessageRole;
  readonly description: string;
}

/** A tool that adds a message of one role to the conversation. */
export function defineMessageTool({ name, role, description }: MessageToolParams): Tool {
  return defineTool({
    name,
    description,
    input: z.strictObject({
      message: longText,
      session_id: sessionId,
      request_id: requestId.describe('A repeat with the same one adds nothing'),
    }),
    output: addedMessage,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    run: async ({ message, session_id, request_id }, { agent }) =>
      (await agent()).addMessage({ sessionId: session_id, role, content: message, requestId: request_id }),
  });
}
