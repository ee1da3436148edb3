/**
 * Makes a value when it is first asked for. Preparing all statements takes longer than opening the file,
 * and most processes use few of them.
 */
export function lazy<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
