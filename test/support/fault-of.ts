import { Fault } from '../../src/domain/errors.ts';

/** The fault that a call ends with; fails where it ends otherwise. */
export async function faultOf(call: Promise<unknown> | (() => unknown)): Promise<Fault> {
  const error = await (async () => (typeof call === 'function' ? call() : call))().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Fault) return error;
  throw new Error(`expected a fault, got ${String(error)}`);
}
