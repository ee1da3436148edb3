import * as z from 'zod';
import { INSTANCE_STATUSES } from '../domain/instance.ts';
import { DEFAULT_SESSION_ID, MESSAGE_ROLES } from '../domain/session.ts';
import { anyJson, plainText } from './schemas.ts';

export const sessionId = plainText.max(200).default(DEFAULT_SESSION_ID);
export const key = plainText.max(200);

export const value = anyJson.describe('A text, or any JSON');

const text = z.string();
const texts = z.array(text);
const flag = z.boolean().optional();

const state = z.object({
  session_id: text,
  state: text,
  status: z.enum(INSTANCE_STATUSES).optional(),
  status_reason: text.optional(),
  description: text.optional(),
  instructions: text.optional(),
  missing_context: texts.optional(),
  guidance: text.optional(),
  available_transitions: texts,
  definition_changed: flag,
});

export const currentState = state.extend({
  previous_state: text.optional(),
  reason: text.optional(),
  since: text.optional(),
});

export const transition = state.extend({
  previous_state: text,
  reason: text.optional(),
  requested_state: text.optional(),
  replayed: flag,
  current_state: text.optional(),
});

const role = z.enum(MESSAGE_ROLES);

export const addedMessage = z.object({
  session_id: text,
  message_id: z.int(),
  role,
  created_at: text,
  replayed: flag,
});

export const conversation = z.object({
  session_id: text,
  messages: z.array(z.object({ message_id: z.int(), role, content: text, created_at: text })),
  truncated: flag,
  next_cursor: text.optional(),
});

export const stored = z.object({ session_id: text, key: text });
export const found = stored.extend({ value: z.unknown(), updated_at: text });
export const keys = z.object({ session_id: text, keys: texts, truncated: flag });
export const knowledgeHits = z.object({
  session_id: text,
  hits: z.array(z.object({ key: text, excerpt: text, updated_at: text })),
});
