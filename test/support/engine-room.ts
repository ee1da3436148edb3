/** What a campaign in one process puts together: bundled with failpoints, and sometimes with a planted defect. */

export { createConditions } from '../../src/definitions/conditions.ts';
export { createDefinitions } from '../../src/definitions/create-definitions.ts';
export { createSchemas } from '../../src/definitions/schemas.ts';
export { Fault } from '../../src/domain/errors.ts';
export { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
export { pinDefinition } from '../../src/domain/pin-definition.ts';
export { createEngine } from '../../src/engine/engine.ts';
export { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
export { armFailpoints } from './armed-failpoint.ts';
