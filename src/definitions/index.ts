export { createConditions } from './conditions.ts';
export { createDefinitions } from './create-definitions.ts';
export { createSchemas } from './schemas.ts';
