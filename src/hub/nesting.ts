/** Whether more objects and arrays than that are inside each other. Iterative, so that no nesting exhausts the stack. */
export function isNestedDeeper(value: unknown, depthMax: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const containers = level.filter((item) => typeof item === 'object' && item !== null);
    if (containers.length > 0 && depth >= depthMax) return true;
    level = containers.flatMap((item) => Object.values(item as object));
  }
  return false;
}
