/**
 * Runs a transaction that calls back into the code of the caller. What that code throws undoes the transaction and
 * comes out as it is: it is no error of the database, and must not be taken for one.
 */
export async function callingBack<Args extends readonly unknown[], Output, Result>(
  callback: (...args: Args) => Output,
  run: (callback: (...args: Args) => Output) => Promise<Result>,
): Promise<Result> {
  let thrown: { readonly error: unknown } | undefined;
  try {
    return await run((...args) => {
      try {
        return callback(...args);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    });
  } catch (error) {
    throw thrown === undefined ? error : thrown.error;
  }
}
