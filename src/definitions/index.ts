export { createConditions } from './conditions.ts';
export { createSchemas } from './schemas.ts';
