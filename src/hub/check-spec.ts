import * as z from 'zod';
import { Fault } from '../domain/errors.ts';
import type { ServerSpec } from './hub.ts';
import { httpFields, stdioFields } from './spec-schemas.ts';

const common = {
  disabled: z.boolean('This has to be true or false.').optional(),
  timeoutMs: z
    .number('This has to be a number of milliseconds.')
    .positive('This has to be more than 0.')
    .optional(),
};
const stdioSpec = z.object({ ...common, ...stdioFields });
const httpSpec = z.object({ ...common, ...httpFields });

/** For callers without a compiler. Throws `INVALID_ARGUMENT` with all problems at once. */
export function checkSpec(server: string, spec: ServerSpec): ServerSpec {
  const { command, url }: { readonly command?: string; readonly url?: string } = spec;
  if (command === undefined && url === undefined)
    throw unusable(server, ['It has neither a `command` nor a `url`.']);
  const { data, error } = ('command' in spec && spec.command !== undefined ? stdioSpec : httpSpec).safeParse(
    spec,
  );
  if (error === undefined) return data;
  throw unusable(
    server,
    error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
  );
}

function unusable(server: string, problems: readonly string[]): Fault {
  return new Fault('INVALID_ARGUMENT', `The server ${server} cannot be used. ${problems.join(' ')}`, {
    hint: 'Mend what it is started or reached with.',
    details: { server, problems },
  });
}
