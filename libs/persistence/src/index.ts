export * from './database.js';
export * from './function-call.js';
export * from './keyset-page.js';
export * from './migrate.js';
export * from './persistence-options.js';
export * from './persistence.module.js';
export * from './storable.js';
export * from './tenant-isolation.js';
