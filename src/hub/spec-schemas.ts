import * as z from 'zod';
import { isJsonObject, type JsonObject } from '../domain/json.ts';

// What a server is started or reached with, checked at run time: in words for whoever wrote it.

const text = z.string('This has to be a text.').min(1, 'This is empty.');
/** Numbers are written without quotes often enough, and every argument and variable is a text in the end. */
const word = z.union([z.string(), z.number(), z.boolean()], 'This has to be a text.').transform(String);
const variables = objectOf(word, 'This has to be an object of texts.');

export const stdioFields = {
  command: text,
  args: z.array(word, 'This has to be a list of texts.').optional(),
  env: variables.optional(),
  cwd: text.optional(),
  framing: z.enum(['newline', 'content-length'], 'This has to be "newline" or "content-length".').optional(),
};

export const httpFields = {
  url: z
    .url({ protocol: /^https?$/, error: 'This has to be an http or https URL.' })
    .refine(
      hasNoCredentials,
      'It has a user or a password in it. Put them into "headers", as "Authorization".',
    ),
  headers: variables
    .superRefine((headers, context) => {
      for (const [name, value] of Object.entries(headers))
        if (!isHeader(name, value))
          context.addIssue({ code: 'custom', path: [name], message: 'This cannot be sent as a header.' });
    })
    .optional(),
};

/** Not `z.record`, which drops a key named `__proto__`. */
export function objectOf<Member>(member: z.ZodType<Member>, problem: string) {
  return z.custom<JsonObject>(isJsonObject, problem).transform((given, context) =>
    Object.fromEntries(
      Object.entries(given).flatMap(([key, value]): [string, Member][] => {
        const { data, error } = member.safeParse(value);
        for (const { message } of error?.issues ?? [])
          context.addIssue({ code: 'custom', path: [key], message });
        return error === undefined ? [[key, data]] : [];
      }),
    ),
  );
}

/** `fetch` refuses one that has, and shows it. */
function hasNoCredentials(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

function isHeader(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}
