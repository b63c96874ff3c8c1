export * from './blob-driver.js';
export * from './blob-store.js';
export * from './blobs.module.js';
