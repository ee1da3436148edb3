import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: [
    './src/store/sqlite/schema.ts',
    './src/store/sqlite/task-schema.ts',
    './src/store/sqlite/session-schema.ts',
    './src/store/sqlite/journal-schema.ts',
  ],
  out: './src/store/migrations/sqlite',
});
