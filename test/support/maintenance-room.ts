// What looks after a database, for campaigns that plant defects into it.
export { backupDatabase } from '../../src/store/sqlite/backup-database.ts';
export { inspectDatabase } from '../../src/store/sqlite/inspect-database.ts';
export { pruneDatabase } from '../../src/store/sqlite/prune-database.ts';
