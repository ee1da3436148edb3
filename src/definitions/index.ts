export { createConditions } from './conditions.ts';
export { createDefinitions } from './create-definitions.ts';
export { createSchemas } from './schemas.ts';

/** See `lint.ts`, which is loaded when it is used. */
export const lintPath: typeof import('./lint.ts').lintPath = async (path, options) => {
  const lint = await import('./lint.ts');
  return lint.lintPath(path, options);
};
