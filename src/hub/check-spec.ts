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
  const { data, error } = ('command' in spec && spec.command !== undefined ? stdioSpec : httpSpec).safeParse(
    spec,
  );
  if (error === undefined) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Fault('INVALID_ARGUMENT', `The server ${server} cannot be used. ${problems.join(' ')}`, {
    hint: 'Mend what it is started or reached with.',
    details: { server, problems },
  });
}
